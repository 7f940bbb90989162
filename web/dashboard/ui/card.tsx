import { type ReactNode, useId } from "react";

export interface CardProps {
  readonly title?: ReactNode;
  /** A line under the title: what it shows, in which unit. */
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  /** Without padding: for tables and plots that reach the edges. */
  readonly flush?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Card({ title, note, actions, flush = false, className = "", children }: CardProps) {
  const id = useId();
  return (
    <section
      className={`card ${flush ? "card-flush" : ""} ${className}`}
      {...(title === undefined ? {} : { "aria-labelledby": id })}
    >
      {(title !== undefined || actions !== undefined) && (
        <div className="card-head">
          <div>
            {title !== undefined && <h2 id={id}>{title}</h2>}
            {note !== undefined && <p className="card-note">{note}</p>}
          </div>
          {actions !== undefined && <div className="card-actions">{actions}</div>}
        </div>
      )}
      <div className="card-body">{children}</div>
    </section>
  );
}
