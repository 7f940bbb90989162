import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { NAVIGATION } from "../pages/registry.ts";
import { useView } from "../view/use-view.ts";
import { isTyping, keysOf } from "./keys.ts";

/** How long after `g` the second key counts. */
const CHORD_MS = 1_500;

/** The keys that work on every page, and `?`, which lists them. */
export function Keyboard() {
  const [, navigate] = useLocation();
  const { href } = useView();
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const go = useRef(navigate);
  const link = useRef(href);
  go.current = navigate;
  link.current = href;

  useEffect(() => {
    let chordAt = Number.NEGATIVE_INFINITY;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const within = performance.now() - chordAt < CHORD_MS;
      chordAt = Number.NEGATIVE_INFINITY;
      if (within) {
        const entry = NAVIGATION.find(({ key }) => key === event.key);
        if (entry !== undefined) {
          event.preventDefault();
          go.current(link.current(entry.path));
        }
        return;
      }
      if (event.key === "g") chordAt = performance.now();
      else if (event.key === "?") setOpen((was) => !was);
      else if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("input[type=search]");
        if (field === null) return;
        event.preventDefault();
        field.focus();
        field.select();
      }
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);

  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="keys-title" onClose={() => setOpen(false)}>
      <h2 id="keys-title">Keyboard</h2>
      <dl className="keys">
        {keysOf(NAVIGATION).map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
