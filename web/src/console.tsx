// The console: which page is at which address.
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { AccountPage } from "./account_page";
import { getAccount } from "./api";
import { BillingPage } from "./billing_page";
import { Frame } from "./frame";
import { HashtagPage } from "./hashtag_page";
import { KeysPage } from "./keys_page";
import { MissingPage } from "./missing_page";
import { OverviewPage } from "./overview_page";
import { PlaygroundPage } from "./playground_page";
import { useResource } from "./resource";
import { usePlace, type Place } from "./router";
import { StatusPage } from "./status_page";
import { TrendsPage } from "./trends_page";
import { UsagePage } from "./usage_page";

function Console() {
  const place = usePlace();
  const account = useResource(getAccount, "account");
  const address = place.words.join("/");
  const before = useRef(address);
  useEffect(() => {
    if (before.current === address) return;
    before.current = address;
    scrollTo(0, 0);
    document.querySelector<HTMLElement>("h1")?.focus();
  }, [address]);
  return (
    <Frame at={place.words[0] ?? ""} account={account.value}>
      {pageAt(place, account)}
    </Frame>
  );
}

function pageAt(
  { words, query }: Place,
  account: ReturnType<typeof useResource<Awaited<ReturnType<typeof getAccount>>>>,
) {
  const [first, second] = words;
  if (first === "trends" && second !== undefined && words.length === 2)
    return <HashtagPage name={second} query={query} />;
  if (words.length > 1) return <MissingPage />;
  switch (first) {
    case undefined:
      return <OverviewPage />;
    case "keys":
      return <KeysPage />;
    case "playground":
      return <PlaygroundPage query={query} />;
    case "trends":
      return <TrendsPage query={query} />;
    case "usage":
      return <UsagePage query={query} />;
    case "billing":
      return <BillingPage />;
    case "account":
      return <AccountPage account={account} />;
    case "status":
      return <StatusPage />;
    default:
      return <MissingPage />;
  }
}

const root = document.getElementById("console");
if (root) render(<Console />, root);
