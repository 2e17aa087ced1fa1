// Shows a new key, this once. Nothing closes it before the key was copied or said to be stored.
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "./copy_button";
import { Dialog } from "./dialog";
import { getProduct } from "./openapi";
import { useStaying } from "./router";

export interface Revealed {
  title: string;
  secret: string;
  words: string;
}

export function KeyRevealDialog({
  title,
  secret,
  words,
  opener,
  done,
}: Revealed & { opener: HTMLElement | null; done: () => void }) {
  const [isStored, setStored] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const [curl, setCurl] = useState<string | null>(null);
  const output = useRef<HTMLOutputElement>(null);
  const isSafe = isStored || isCopied;
  useStaying();
  useEffect(() => {
    let isGone = false;
    getProduct().then(
      (product) => {
        const first = product.operations[0];
        if (first && !isGone) setCurl(`curl "${product.server}${first.path}" -H "x-api-key: ${secret}"`);
      },
      () => {},
    );
    return () => void (isGone = true);
  }, []);
  return (
    <Dialog title={title} closedBy="none" opener={opener} onClose={done}>
      <p>
        <strong>This key is shown now and never again.</strong> Store it where your program reads it. {words}
      </p>
      <output class="secret" ref={output} aria-label="API key">
        {secret}
      </output>
      <div class="buttons">
        <CopyButton
          label="Copy key"
          text={secret}
          shownIn={output}
          kind="primary"
          onCopied={() => setCopied(true)}
        />
        {curl && <CopyButton label="Copy curl with this key" text={curl} onCopied={() => setCopied(true)} />}
      </div>
      <label class="choice">
        <input type="checkbox" checked={isStored} onChange={(event) => setStored(event.currentTarget.checked)} />
        <span>I have stored it</span>
      </label>
      <div class="dialog-end">
        {!isSafe && <span class="quiet small">Copy the key or tick the box first.</span>}
        <button type="button" class="primary" disabled={!isSafe} onClick={done}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
