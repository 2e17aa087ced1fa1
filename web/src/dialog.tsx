// A modal dialog that gives the focus back to whatever opened it.
import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  onClose: () => void;
  // "none": neither Esc nor a click beside it closes it.
  closedBy?: "none" | "closerequest";
  opener?: HTMLElement | null;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, closedBy = "closerequest", opener, children }: DialogProps) {
  const titleId = useId();
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = opener ?? (document.activeElement instanceof HTMLElement ? document.activeElement : null);
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      dialog?.close();
      giveBack(before);
    };
  }, []);
  // `cancel` can be prevented only twice in a row; a key that is not let through stays out for good.
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDialogElement>) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (closedBy !== "none") onClose();
  };
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        if (closedBy !== "none") onClose();
      }}
      {...{ closedby: closedBy }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}

// An opener may have gone with the row it was in: then the page's heading takes over.
function giveBack(opener: HTMLElement | null): void {
  queueMicrotask(() => {
    if (document.querySelector("dialog[open]")) return;
    if (opener?.isConnected && opener !== document.body) opener.focus();
    if (document.activeElement === document.body) document.querySelector<HTMLElement>("h1")?.focus();
  });
}
