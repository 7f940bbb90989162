/** The texts that a receiver's settings make of a notification, where they make one. */
import { oneLine } from "../message/clean.ts";
import type { Notification, NotifiedIncident, Outcome } from "../receiver.ts";
import { EXAMPLE } from "./sample.ts";
import { type Template, TemplateFault } from "./template.ts";
import { incidentOf, variablesOf } from "./variables.ts";

/** By the name of the setting; none where a receiver has the built-in text. */
export type Templates<Name extends string> = Readonly<Partial<Record<Name, Template | undefined>>>;

export interface OwnTexts<Name extends string> {
  /** Left out is what has no template, what its template says nothing of, and what it failed to say. */
  readonly texts: Readonly<Partial<Record<Name, string>>>;
  /** What is wrong with templates that failed, for people. */
  readonly faults: readonly string[];
}

const FAULT_LENGTH = 150;
const TEST_MARK = "[TEST]";

/** The texts of a notification, with one of its incidents as `incident` of the templates: the worst, or another. */
export type Saying<Name extends string> = (focus?: NotifiedIncident) => OwnTexts<Name>;

/**
 * A template that fails costs nobody the notification: its text is left out, for the built-in one. A test is made of an
 * example and says that it is one.
 */
export function sayingBy<Name extends string>(
  templates: Templates<Name> | undefined,
  notification: Notification,
): Saying<Name> {
  const named = (Object.entries(templates ?? {}) as [Name, Template | undefined][]).flatMap(
    ([name, template]) => (template === undefined ? [] : [{ name, template }]),
  );
  const none: OwnTexts<Name> = { texts: {} as Partial<Record<Name, string>>, faults: [] };
  if (named.length === 0) return () => none;
  const isTest = notification.kind === "TEST";
  const variables = variablesOf(isTest ? { ...notification, incidents: EXAMPLE.incidents } : notification);
  return (focus) => {
    const scope =
      focus === undefined ? variables : { ...variables, incident: incidentOf(focus, notification.at) };
    const texts: Partial<Record<Name, string>> = {};
    const faults: string[] = [];
    for (const { name, template } of named) {
      try {
        const text = template.render(scope);
        if (text !== "") texts[name] = isTest && !text.startsWith(TEST_MARK) ? `${TEST_MARK} ${text}` : text;
      } catch (error) {
        if (!(error instanceof TemplateFault)) throw error;
        faults.push(oneLine(`template.${name} failed (${error.message})`, FAULT_LENGTH));
      }
    }
    return { texts, faults };
  };
}

/** The outcome, which tells of faults of templates too. */
export function withFaults(outcome: Outcome, faults: readonly string[]): Outcome {
  const [first] = faults;
  return first === undefined
    ? outcome
    : { ...outcome, templateFault: `${first}: the built-in text was sent` };
}
