// The form's call in the reader's language.
import { useRef, useState } from "preact/hooks";
import { EXAMPLES } from "./code_examples";
import { CopyButton } from "./copy_button";
import type { Operation } from "./openapi";
import { Tabs } from "./tabs";

interface CodeTabsProps {
  server: string;
  operation: Operation;
  values: Record<string, string>;
}

export function CodeTabs({ server, operation, values }: CodeTabsProps) {
  const [chosen, setChosen] = useState("curl");
  const shown = useRef<HTMLElement | null>(null);
  const example = EXAMPLES.find(({ name }) => name === chosen) ?? EXAMPLES[0];
  const text =
    example?.write({
      method: operation.method,
      address: server + operation.path,
      values: Object.entries(values),
    }) ?? "";
  return (
    <Tabs label="Language" names={EXAMPLES.map(({ name }) => name)} chosen={chosen} onChoice={setChosen}>
      <div class="code">
        <div class="code-bar">
          <span>{chosen}</span>
          <CopyButton key={chosen} label={`Copy ${chosen}`} text={text} shownIn={shown} />
        </div>
        <pre>
          <code ref={shown}>{text}</code>
        </pre>
      </div>
    </Tabs>
  );
}
