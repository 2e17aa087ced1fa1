// Country, industry, period and new entries only; folded away behind a button where it is narrow.
import { useState } from "preact/hooks";
import type { Lists } from "./api_types";
import { SelectField } from "./field";
import { navigate, withQuery } from "./router";

const NAMES = ["country_code", "period", "industry_id", "filter_by", "page"];
const PERIODS = ["7", "30", "120"];

// What the address asks for, in the API's own parameters.
export function chosenList(query: URLSearchParams): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const name of NAMES) {
    const value = query.get(name);
    if (value) chosen[name] = value;
  }
  return chosen;
}

export function TrendsFilters({ query, lists }: { query: URLSearchParams; lists: Lists | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const value = (name: string) => query.get(name) ?? "";
  const set = (name: string) => (chosen: string) =>
    navigate(withQuery(query, { [name]: chosen || undefined, page: undefined }));
  const active = NAMES.filter((name) => name !== "page" && value(name)).length;
  return (
    <form
      class={isOpen ? "filters is-open" : "filters"}
      aria-label="Filters"
      onSubmit={(event) => event.preventDefault()}
    >
      <button type="button" class="filters-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Filters{active > 0 ? ` (${active})` : ""}
      </button>
      <div class="filters-fields">
        <SelectField
          label="Country"
          value={value("country_code")}
          onValue={set("country_code")}
          choices={countryChoices(lists, value("country_code"))}
        />
        <SelectField
          label="Industry"
          value={value("industry_id")}
          onValue={set("industry_id")}
          choices={industryChoices(lists, value("industry_id"))}
        />
        <PeriodField value={value("period")} onValue={set("period")} />
        <label class="choice">
          <input
            type="checkbox"
            checked={value("filter_by") === "new_on_board"}
            onChange={(event) => set("filter_by")(event.currentTarget.checked ? "new_on_board" : "")}
          />
          <span>New on the list only</span>
        </label>
      </div>
    </form>
  );
}

export function PeriodField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  return (
    <SelectField
      label="Period"
      value={value || "7"}
      onValue={(chosen) => onValue(chosen === "7" ? "" : chosen)}
      choices={PERIODS.map((days) => ({ value: days, label: `${days} days` }))}
    />
  );
}

export function countryChoices(lists: Lists | undefined, chosen: string) {
  const known = (lists?.countries ?? [])
    .filter(({ code }) => code !== "ALL")
    .map(({ code, name }) => ({ value: code, label: name }));
  return withChosen([{ value: "", label: "All countries" }, ...known], chosen);
}

function industryChoices(lists: Lists | undefined, chosen: string) {
  const known = (lists?.industries ?? []).map(({ id, name }) => ({ value: String(id), label: name }));
  return withChosen([{ value: "", label: "All industries" }, ...known], chosen);
}

// What the address says is shown even while, or although, it is not on the list.
function withChosen(choices: { value: string; label: string }[], chosen: string) {
  const isThere = chosen === "ALL" || choices.some(({ value }) => value === chosen);
  return isThere ? choices : [...choices, { value: chosen, label: chosen }];
}
