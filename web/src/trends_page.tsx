// A list of trending hashtags, to browse for free; everything that is chosen stands in the address.
import { getHashtags, getLists } from "./api";
import type { HashtagList, Lists } from "./api_types";
import { useProduct } from "./product";
import { saveCsv } from "./csv";
import { isoDay } from "./format";
import { Page } from "./page";
import { Empty, Region } from "./region";
import { useResource, type Resource } from "./resource";
import { Link, navigate, withQuery } from "./router";
import { ListAge } from "./list_age";
import { TrendsFilters, chosenList } from "./trends_filters";
import { TrendsTable, csvRows } from "./trends_table";

const PAGE_SIZE = 20;
export const LIST_OPERATION = "tiktok-popular-trend-hashtag";

export function TrendsPage({ query }: { query: URLSearchParams }) {
  const chosen = chosenList(query);
  const asked = { ...chosen, limit: String(PAGE_SIZE) };
  const hashtags = useResource((signal) => getHashtags(asked, signal), JSON.stringify(asked));
  const lists = useResource(getLists, "lists");
  const hasNoList = hashtags.fault?.reason === "no_data" && !hashtags.isLoading;
  return (
    <Page
      title="Trends"
      lead="Browsing here is free, up to 60 pages a minute. Calls of your programs cost credits."
    >
      <TrendsFilters query={query} lists={lists.value} />
      {hasNoList ? (
        <NoList lists={lists.value} query={query} />
      ) : (
        <Region
          resource={hashtags}
          what="the list"
          rows={10}
          isEmpty={(page) => page.list.length === 0}
          empty={<NoHashtag query={query} />}
        >
          {(page) => <Found page={page} query={query} chosen={chosen} resource={hashtags} />}
        </Region>
      )}
    </Page>
  );
}

interface FoundProps {
  page: HashtagList;
  query: URLSearchParams;
  chosen: Record<string, string>;
  resource: Resource<HashtagList>;
}

function Found({ page, query, chosen }: FoundProps) {
  const name = `hashtags-${chosen.country_code || "ALL"}-${chosen.period || "7"}d-${isoDay(Date.parse(page.captured_at))}-page-${page.pagination.page}.csv`;
  return (
    <>
      <div class="table-top">
        <ListAge list={page} />
        <div class="buttons">
          <ApiCall parameters={chosen} />
          <button type="button" onClick={() => saveCsv(name, csvRows(page.list))}>
            CSV of this page
          </button>
        </div>
      </div>
      <TrendsTable hashtags={page.list} query={query} />
      <Pager page={page} query={query} />
    </>
  );
}

function ApiCall({ parameters }: { parameters: Record<string, string> }) {
  const product = useProduct();
  const operation = product.value?.operations.find(({ id }) => id === LIST_OPERATION);
  const address = `/console/playground?${new URLSearchParams({ operation: LIST_OPERATION, ...parameters, limit: String(PAGE_SIZE) })}`;
  return (
    <Link class="button" href={address}>
      Open as API call{operation ? ` · ${operation.credits} credits` : ""}
    </Link>
  );
}

function Pager({ page, query }: { page: HashtagList; query: URLSearchParams }) {
  const { page: at, size, total, has_more: hasMore } = page.pagination;
  const last = Math.max(1, Math.min(10, Math.ceil(total / size)));
  const to = (number: number) => withQuery(query, { page: number === 1 ? undefined : String(number) });
  if (last === 1 && !hasMore) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      {at > 1 ? (
        <Link class="button" href={to(at - 1)}>
          Previous
        </Link>
      ) : (
        <span class="button is-off">Previous</span>
      )}
      <span>
        Page {at} of {last}
      </span>
      {hasMore ? (
        <Link class="button" href={to(at + 1)}>
          Next
        </Link>
      ) : (
        <span class="button is-off">Next</span>
      )}
    </nav>
  );
}

function NoHashtag({ query }: { query: URLSearchParams }) {
  const clear = () => navigate(withQuery(query, { industry_id: undefined, filter_by: undefined, page: undefined }));
  return (
    <Empty title="No hashtag matches">
      <p>Nothing in this list fits all of the filters.</p>
      <button type="button" onClick={clear}>
        Clear filters
      </button>
    </Empty>
  );
}

function NoList({ lists, query }: { lists: Lists | undefined; query: URLSearchParams }) {
  const period = Number(query.get("period") || 7);
  const ready = lists?.countries.filter((country) => country.periods.includes(period)) ?? [];
  return (
    <Empty title="No snapshot for this country yet">
      {ready.length > 0 ? (
        <>
          <p>These have one for {period} days:</p>
          <ul class="words">
            {ready.map(({ code, name }) => (
              <li key={code}>
                <Link
                  href={withQuery(query, {
                    country_code: code === "ALL" ? undefined : code,
                    page: undefined,
                  })}
                >
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>No list has come in for these days. Try another period.</p>
      )}
    </Empty>
  );
}
