// Where there is no page.
import { Page } from "./page";
import { Link } from "./router";

export function MissingPage() {
  return (
    <Page
      title="Page not found"
      lead={
        <>
          There is nothing at <code>{location.pathname}</code>.
        </>
      }
    >
      <p>
        Go to the <Link href="/console/">overview</Link>, or pick a page from the navigation.
      </p>
    </Page>
  );
}
