import { ACTOR_KINDS } from "../store/tokens.ts";
import { builder } from "./builder.ts";

/** In upper case as every enum of the schema; inside they are as the audit log keeps them. */
export const ActorKind = builder.enumType("ActorKind", {
  description:
    "TOKEN: a token; SESSION: a signed-in browser; PROXY: a person whom a trusted proxy names; SYSTEM: the service itself, or its command line.",
  values: Object.fromEntries(ACTOR_KINDS.map((kind) => [kind.toUpperCase(), { value: kind }])) as {
    readonly [Kind in (typeof ACTOR_KINDS)[number] as Uppercase<Kind>]: { readonly value: Kind };
  },
});
