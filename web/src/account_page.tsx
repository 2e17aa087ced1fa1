// Who is signed in, where, and with which password; and how the console looks.
import { useState } from "preact/hooks";
import { get, rememberToken, send } from "./api";
import type { Account, Session } from "./api_types";
import { clientName } from "./client_name";
import { fieldFault } from "./fault";
import { PasswordField, Radios } from "./field";
import { clock, day } from "./format";
import { Page, Section } from "./page";
import { FaultNote, Region } from "./region";
import { useResource, useSending, type Resource } from "./resource";
import { setTheme, themeNow, type Theme } from "./theme";
import { Ago } from "./time";

const PASSWORD_LEAST = 12;

export function AccountPage({ account }: { account: Resource<Account> }) {
  return (
    <Page title="Account">
      <Section title="Your account">
        <Region resource={account} what="your account" rows={2}>
          {(found) => (
            <dl class="facts">
              <div>
                <dt>Mail address</dt>
                <dd>{found.email}</dd>
              </div>
              <div>
                <dt>Plan</dt>
                <dd>{found.plan}</dd>
              </div>
              <div>
                <dt>Since</dt>
                <dd>{day(found.created_at)}</dd>
              </div>
            </dl>
          )}
        </Region>
      </Section>
      <Section title="Password">
        <PasswordForm account={account.value} />
      </Section>
      <Section title="Sessions" lead="Where this account is signed in to the console.">
        <Sessions />
      </Section>
      <Section title="Theme">
        <ThemeChoice />
      </Section>
    </Page>
  );
}

function PasswordForm({ account }: { account: Account | undefined }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [own, setOwn] = useState<{ current?: string; next?: string }>({});
  const [isDone, setDone] = useState(false);
  const { fault, isSending, run } = useSending();
  const linkEnd = account?.link_password_until ?? null;
  const isByLink = () => linkEnd !== null && Date.now() < Date.parse(linkEnd);
  const submit = (event: Event) => {
    event.preventDefault();
    setDone(false);
    const faults = {
      ...(!current && !isByLink() && { current: "Give your current password." }),
      ...([...next].length < PASSWORD_LEAST && { next: `Give at least ${PASSWORD_LEAST} characters.` }),
    };
    setOwn(faults);
    if (Object.keys(faults).length) return;
    run(async () => {
      const renewed = await send<{ csrf_token: string }>("POST", "/user/me/password", {
        ...(current && { current_password: current }),
        new_password: next,
      });
      rememberToken(renewed.csrf_token);
      setCurrent("");
      setNext("");
      setDone(true);
    });
  };
  return (
    <form class="narrow" onSubmit={submit} noValidate>
      <input
        class="unseen"
        type="email"
        name="username"
        autocomplete="username"
        value={account?.email ?? ""}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <PasswordField
        label="Current password"
        value={current}
        onValue={setCurrent}
        autocomplete="current-password"
        hint={linkEnd && linkWords(linkEnd, isByLink())}
        fault={
          own.current ??
          (fault?.reason === "wrong_password" ? fault.message : fieldFault(fault, "current_password"))
        }
      />
      <PasswordField
        label="New password"
        value={next}
        onValue={setNext}
        autocomplete="new-password"
        hint={`At least ${PASSWORD_LEAST} characters.`}
        fault={own.next ?? fieldFault(fault, "new_password")}
      />
      {fault && fault.fields.length === 0 && fault.reason !== "wrong_password" && (
        <FaultNote fault={fault} title="The password is as before." />
      )}
      <button type="submit" class="primary" disabled={isSending}>
        Change password
      </button>
      <p role="status">{isDone && "The password is changed."}</p>
    </form>
  );
}

// A sign-in link stands for the current password, for a while.
const linkWords = (end: string, isOpen: boolean) =>
  isOpen
    ? `You signed in by a link: until ${clock(end)} this can stay empty.`
    : "The hour is over in which your sign-in link stood for it: give it, or ask whoever made the link for another.";

function Sessions() {
  const sessions = useResource((signal) => get<{ items: Session[] }>("/user/me/sessions", signal), "sessions");
  const { fault, isSending, run } = useSending();
  const signOut = (path: string, method: "POST" | "DELETE") =>
    run(async () => {
      await send(method, path);
      sessions.again();
    });
  return (
    <Region
      resource={sessions}
      what="your sessions"
      isEmpty={({ items }) => items.length === 0}
      empty={<p class="quiet">No session is known.</p>}
    >
      {({ items }) => (
        <>
          <table class="cards">
            <caption>Sessions</caption>
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">Address</th>
                <th scope="col">Signed in</th>
                <th scope="col">Last seen</th>
                <th scope="col">
                  <span class="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <span title={one.user_agent}>{clientName(one.user_agent)}</span>
                    {one.is_current && (
                      <>
                        {" "}
                        <span class="badge">This one</span>
                      </>
                    )}
                  </th>
                  <td data-label="Address">
                    <span>{one.ip}</span>
                  </td>
                  <td data-label="Signed in">
                    <span>
                      <Ago time={one.created_at} />
                    </span>
                  </td>
                  <td data-label="Last seen">
                    <span>
                      <Ago time={one.last_seen_at} />
                    </span>
                  </td>
                  <td class="actions">
                    {!one.is_current && (
                      <button
                        type="button"
                        disabled={isSending}
                        onClick={() => signOut(`/user/me/sessions/${encodeURIComponent(one.id)}`, "DELETE")}
                      >
                        Sign out
                        <span class="unseen">
                          {" "}
                          {clientName(one.user_agent)} at {one.ip}
                        </span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {fault && <FaultNote fault={fault} title="No session was ended." />}
          {items.length > 1 && (
            <button
              type="button"
              disabled={isSending}
              onClick={() => signOut("/user/me/sessions/sign-out-others", "POST")}
            >
              Sign out all others
            </button>
          )}
        </>
      )}
    </Region>
  );
}

function ThemeChoice() {
  const [theme, setChosen] = useState<Theme>(themeNow());
  const choose = (value: string) => {
    setTheme(value as Theme);
    setChosen(value as Theme);
  };
  return (
    <Radios
      legend="How the console looks"
      name="theme"
      value={theme}
      onValue={choose}
      choices={[
        { value: "system", label: "As the system" },
        { value: "light", label: "Light" },
        { value: "dark", label: "Dark" },
      ]}
    />
  );
}
