/** What to tell a person of a question or a change that failed. Pure. */

/** Of urql's CombinedError, what is looked at. */
export interface Failed {
  /** What the service said of it. */
  readonly graphQLErrors: readonly { readonly message: string }[];
  /** Its answer, where one came, be it from what stands before the service. */
  readonly response?: { readonly status?: number } | undefined;
}

const WORDS: Readonly<Record<number, string>> = {
  401: "You are signed out: sign in again.",
  403: "You are not allowed to, or what stands before the service does not let it through.",
  413: "It is more than the service takes at once: choose less.",
  429: "You have asked more than you may in a short time: wait a little.",
};

/** Of a question. */
export function faultOf(failed: Failed): string {
  return saidOf(failed) ?? "The service does not answer.";
}

/** Of a change, which nobody repeats: what was lost on its way may have been made all the same. */
export function faultOfChange(failed: Failed): string {
  const status = failed.response?.status ?? 0;
  if (failed.graphQLErrors.length === 0 && (status < 400 || status >= 500)) {
    return "No answer came. It is not known whether the change was made: look, and try again.";
  }
  return saidOf(failed) ?? "The change was not made.";
}

function saidOf({ graphQLErrors: [first], response }: Failed): string | null {
  if (first !== undefined) return first.message;
  const status = response?.status;
  if (status === undefined) return null;
  if (status < 400) return "The answer cannot be read: what stands before the service may have given it.";
  return WORDS[status] ?? `The service, or what stands before it, answers with ${status}.`;
}

/**
 * A refusal by RFC 9457 as an error of GraphQL, which is what the client understands: it would drop what the service said.
 *
 * @param text what was answered as application/problem+json
 */
export function problemAsErrors(text: string): string | null {
  try {
    const { title, detail, code } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const message = typeof detail === "string" ? detail : title;
    return typeof message === "string"
      ? JSON.stringify({ errors: [{ message, extensions: { code } }] })
      : null;
  } catch {
    return null;
  }
}
