// How old a list is and where it comes from; said louder when it is stale.
import type { HashtagList } from "./api_types";
import { ago, moment } from "./format";

export function ListAge({ list }: { list: HashtagList }) {
  return (
    <div>
      {list.stale && (
        <p class="note is-warning">
          This list is stale: it was captured {ago(list.captured_at)}, and a newer one has not come in yet.
        </p>
      )}
      <p class="quiet small list-age">
        Captured <time dateTime={list.captured_at}>{moment(list.captured_at)}</time>
        {" · source "}
        {list.source}
        {list.source === "sample" && (
          <>
            {" "}
            · <strong>made-up figures</strong>
          </>
        )}
      </p>
    </div>
  );
}
