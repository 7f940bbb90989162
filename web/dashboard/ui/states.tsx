/** What a page shows when it has nothing to show yet, nothing at all, or nothing new. */
import type { ReactNode } from "react";
import type { CombinedError } from "urql";
import { faultOf } from "../client/fault.ts";
import type { Data } from "../client/use-data.ts";
import { formatSpan } from "../format/times.ts";
import { useNow } from "../view/use-now.ts";
import { Icon, type IconName } from "./icon.tsx";

export interface EmptyProps {
  readonly icon?: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

export function Empty({ icon = "check", title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} />
      </span>
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="empty-text">{children}</div>}
      {action}
    </div>
  );
}

export function ErrorState({ error, retry }: { readonly error: CombinedError; readonly retry?: () => void }) {
  return (
    <div className="empty" role="alert">
      <span className="empty-icon bad">
        <Icon name="warning" />
      </span>
      <p className="empty-title">This could not be loaded</p>
      <p className="empty-text">{faultOf(error)}</p>
      {retry !== undefined && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Where content will be: `lines` of text, or a block of a height in px. */
export function Skeleton({ lines = 3, height }: { readonly lines?: number; readonly height?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {height === undefined ? (
        Array.from({ length: lines }, (_, line) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are all alike
          <span key={line} className="skeleton-line" />
        ))
      ) : (
        <span className="skeleton-block" style={{ height }} />
      )}
    </div>
  );
}

/** Said above what is shown, when it could not be asked anew, or not for the range that is now chosen. */
export function StaleBanner({ data }: { readonly data: Data<unknown> }) {
  const now = useNow(5_000);
  if (data.error === null || data.data === null) return null;
  const age = data.asOf === null ? "" : `, from ${formatSpan(Math.max(1_000, now - data.asOf))} ago`;
  return (
    <p className="banner banner-warn" role="status">
      <Icon name="warning" />
      <span>
        <strong>
          {data.isOfOther ? "This is of the range before" : "This is not the newest"}
          {age}.
        </strong>{" "}
        {faultOf(data.error)}
      </span>
      <button type="button" className="button button-small" onClick={data.refresh}>
        Try again
      </button>
    </p>
  );
}

export interface LoadedProps<T> {
  readonly data: Data<T>;
  readonly skeleton?: ReactNode;
  readonly children: (value: T) => ReactNode;
}

/**
 * The children when there is an answer, however old; until then a skeleton, or what went wrong. An answer to another
 * question is shown pale while this one is on its way, and not at all when this one has failed.
 */
export function Loaded<T>({ data, skeleton, children }: LoadedProps<T>) {
  const { data: answer, error, isOfOther, refresh } = data;
  if (error !== null && (answer === null || isOfOther)) return <ErrorState error={error} retry={refresh} />;
  return (
    <div className={`answer ${answerClass(data)}`} aria-busy={isOfOther}>
      <Progress active={data.fetching && (answer === null || isOfOther)} />
      <StaleBanner data={data} />
      {answer === null ? (skeleton ?? <Skeleton />) : children(answer)}
    </div>
  );
}

/** The class of what is around an answer: what is in it is pale while it answers another question. */
export function answerClass({ isOfOther }: Data<unknown>): string {
  return isOfOther ? "answer-other" : "";
}

/** A thin bar at the top while something is on its way. */
export function Progress({ active }: { readonly active: boolean }) {
  return <div className={`progress ${active ? "progress-on" : ""}`} aria-hidden="true" />;
}
