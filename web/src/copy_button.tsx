// Copies a text; where the clipboard is refused, the text is left selected instead.
import type { RefObject } from "preact";
import { useState } from "preact/hooks";

interface CopyButtonProps {
  label: string;
  text: string;
  shownIn?: RefObject<HTMLElement | null>; // the element that shows the text
  onCopied?: () => void;
  kind?: "primary" | undefined;
}

export function CopyButton({ label, text, shownIn, onCopied, kind }: CopyButtonProps) {
  const [words, setWords] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setWords("Copied");
      onCopied?.();
    } catch {
      if (shownIn?.current) getSelection()?.selectAllChildren(shownIn.current);
      setWords(shownIn ? "Selected: press Ctrl+C or ⌘C" : "The browser refused; copy it by hand");
    }
  };
  return (
    <span class="copy">
      <button type="button" class={kind} onClick={copy}>
        {label}
      </button>
      <span role="status" class="small quiet">
        {words}
      </span>
    </span>
  );
}
