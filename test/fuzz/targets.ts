import type { FuzzTarget } from "./target.ts";
import { CODECS } from "./targets/codecs.ts";
import { CONFIG } from "./targets/config.ts";
import { GRAPHQL } from "./targets/graphql.ts";
import { PROCFS } from "./targets/procfs.ts";
import { RATES } from "./targets/rates.ts";
import { SAMPLES } from "./targets/samples.ts";
import { SPOOL } from "./targets/spool.ts";
import { WIRE } from "./targets/wire.ts";

/** Everything that is fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [
  ...PROCFS,
  ...WIRE,
  ...SAMPLES,
  ...SPOOL,
  ...CODECS,
  ...RATES,
  ...GRAPHQL,
  ...CONFIG,
];
