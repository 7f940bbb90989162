import { type ReactNode, useEffect, useRef } from "react";

export interface PageProps {
  /** Of the document and the heading. */
  readonly title: string;
  /** Beside the heading: a status, a count. */
  readonly aside?: ReactNode;
  /** Under the heading, in a line. */
  readonly lead?: ReactNode;
  /** At the right: what the page can do. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The first page of a tab is read out by itself. */
let isFirst = true;

/** A page's frame. Its heading takes the focus when the page is opened by a link, so that it is read out. */
export function Page({ title, aside, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  useEffect(() => {
    document.title = `${title} – Spillway`;
  }, [title]);
  return (
    <main id="main" className="page" tabIndex={-1}>
      <header className="page-head">
        <div className="page-title">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {aside}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
        {lead !== undefined && <div className="page-lead">{lead}</div>}
      </header>
      {children}
    </main>
  );
}
