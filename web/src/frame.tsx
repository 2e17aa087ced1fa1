// What stands around every page: the bar, the navigation, the notes about the whole account.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Account } from "./api_types";
import { CreditsWatch } from "./credits_note";
import { Link } from "./router";
import { SignedOutNote } from "./region";
import { useSignedOut } from "./signed_out";

const PAGES = [
  { word: "", name: "Overview" },
  { word: "keys", name: "API keys" },
  { word: "playground", name: "Playground" },
  { word: "trends", name: "Trends" },
  { word: "usage", name: "Usage" },
  { word: "billing", name: "Billing" },
  { word: "account", name: "Account" },
  { word: "status", name: "Status" },
];

export function Frame({
  at,
  account,
  children,
}: {
  at: string;
  account: Account | undefined;
  children: ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const isSignedOut = useSignedOut();
  useEffect(() => setOpen(false), [at]);
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="bar">
        <div class="bar-row">
          <Link class="brand" href="/console/">
            trendgate
          </Link>
          <button
            type="button"
            class="menu"
            aria-expanded={isOpen}
            aria-controls="pages"
            onClick={() => setOpen(!isOpen)}
          >
            Menu
          </button>
          <div class="bar-end">
            <a href="/docs">Docs</a>
            {account && <span class="who">{account.email}</span>}
            {account && !isSignedOut && <SignOut token={account.csrf_token} />}
          </div>
        </div>
      </header>
      <div class="frame">
        <nav id="pages" class={isOpen ? "pages is-open" : "pages"} aria-label="Console">
          <ul>
            {PAGES.map(({ word, name }) => (
              <li key={word}>
                <Link href={`/console/${word}`} aria-current={at === word ? "page" : undefined}>
                  {name}
                </Link>
              </li>
            ))}
            <li class="narrow-only">
              <a href="/docs">Docs</a>
            </li>
          </ul>
          {account && !isSignedOut && (
            <div class="narrow-only">
              <p class="who">{account.email}</p>
              <SignOut token={account.csrf_token} />
            </div>
          )}
        </nav>
        <main id="content" tabIndex={-1}>
          {isSignedOut && <SignedOutNote />}
          {account?.suspended && <RefusedNote account={account} />}
          {account && !account.suspended && !isSignedOut && at !== "billing" && <CreditsWatch at={at} />}
          {children}
        </main>
      </div>
    </>
  );
}

// Why no call is answered, whatever credits are left.
function RefusedNote({ account }: { account: Account }) {
  return (
    <div class="note is-bad" role="alert">
      {account.unpaid ? (
        <p>
          <strong>An invoice is overdue.</strong> Calls are refused with 403 until it is paid:{" "}
          <Link href="/console/billing">Billing</Link> shows it.
        </p>
      ) : (
        <p>
          <strong>This account is suspended.</strong> Its calls are refused with 403 until the operator resumes
          it.
        </p>
      )}
    </div>
  );
}

// A plain form: signing out works whatever the scripts do.
function SignOut({ token }: { token: string }) {
  return (
    <form method="post" action="/console/signout">
      <input type="hidden" name="csrf" value={token} />
      <button type="submit">Sign out</button>
    </form>
  );
}
