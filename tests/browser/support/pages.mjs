// The console's pages, and what each says when there is nothing, or when it cannot be loaded.

export const PAGES = [
  { name: "overview", path: "/console/", empty: "No call yet.", what: "your credits" },
  { name: "keys", path: "/console/keys", empty: "No API key yet", what: "your API keys" },
  {
    name: "playground",
    path: "/console/playground",
    empty: "You have no key that works",
    what: "the API's description",
  },
  { name: "trends", path: "/console/trends?country_code=US", empty: "No hashtag matches", what: "the list" },
  {
    name: "hashtag",
    path: "/console/trends/animeinspo?country_code=US",
    empty: "Never seen on this list",
    what: "its history",
  },
  { name: "usage", path: "/console/usage", empty: "No calls yet", what: "your usage" },
  { name: "billing", path: "/console/billing", empty: "No invoices yet", what: "your billing period" },
  { name: "account", path: "/console/account", empty: "No session is known.", what: "your sessions" },
  { name: "status", path: "/console/status", empty: "No list has come in yet", what: "the state of the API" },
  { name: "missing", path: "/console/nowhere", empty: undefined, what: undefined },
];
