import type { SafeHttp } from "../safe-http.ts";

/** What every receiver is given. */
export interface ReceiverDeps {
  readonly http: SafeHttp;
  /** The address by which people reach this Spillway. */
  readonly publicUrl: string;
  /** All of an attempt, ms. `http` keeps to it by itself. */
  readonly timeoutMs: number;
  /** ms since 1970 */
  readonly now: () => number;
}
