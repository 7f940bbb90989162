import { z } from "zod";
import type { Config } from "../config.ts";
import { DEFAULT_SETTINGS, type DetectionSettings, type RolePolicy } from "../detect/settings.ts";
import { SpillwayError } from "../errors.ts";
import { isZone } from "../incidents/local-time.ts";
import type { Logger } from "../telemetry/log.ts";
import { parseYaml, readTextFile } from "../yaml-file.ts";

type DetectionFileConfig = Pick<Config, "detectionFile" | "detectionFileNamed">;

const ROLES_MAX = 1_000;
const percentOver = (least: number) =>
  z
    .number()
    .gt(least, `write a percentage above ${least} and below 100`)
    .lt(100, "write a percentage below 100");

/** What a role may be asked. Shares are percentages, as people write them. */
const policySchema = z.strictObject({
  /** Of new connections that shall go well in 30 days. */
  objective: percentOver(0).optional(),
  /** Of new connections lost from which an incident opens. */
  lossThreshold: percentOver(0).optional(),
  /** Of new connections lost from which an incident pages. */
  pageShare: percentOver(0).optional(),
  /** By whose clocks the load comes. */
  zone: z.string().refine(isZone, "write the name of a time zone, as Europe/Berlin").optional(),
});

const fileSchema = policySchema
  .extend({
    /** The same for the hosts of a role, by its name; what is not said there is as above. */
    roles: z
      .record(z.string().min(1), policySchema)
      .refine((roles) => Object.keys(roles).length <= ROLES_MAX, `at most ${ROLES_MAX} roles`)
      .default({}),
  })
  .default({ roles: {} });

/**
 * What a text asks of detection. An empty text asks nothing but the defaults.
 *
 * @param path of the file, for the faults
 * @throws CONFIGURATION with each fault as `path:line:column: what is wrong`
 */
export function parseDetectionFile(text: string, path: string): DetectionSettings {
  const { roles, ...said } = parseYaml({ text, path, called: "the detection file", schema: fileSchema });
  const all = policyFrom(said, DEFAULT_SETTINGS.all);
  return {
    all,
    roles: new Map(Object.entries(roles).map(([role, own]) => [role, policyFrom(own, all)])),
  };
}

function policyFrom(
  { objective, lossThreshold, pageShare, zone }: z.infer<typeof policySchema>,
  otherwise: RolePolicy,
): RolePolicy {
  // Rounded, since 99.9 / 100 is a hair above 0.999.
  const share = (percent: number | undefined, unsaid: number) =>
    percent === undefined ? unsaid : Number((percent / 100).toPrecision(12));
  return {
    objective: share(objective, otherwise.objective),
    lossThreshold: share(lossThreshold, otherwise.lossThreshold),
    pageShare: share(pageShare, otherwise.pageShare),
    zone: zone ?? otherwise.zone,
  };
}

/**
 * What the detection file asks; the defaults where there is none.
 *
 * @throws CONFIGURATION when the file has faults, or is named and is not there
 */
export async function readDetectionFile(config: DetectionFileConfig): Promise<DetectionSettings> {
  const text = await readTextFile(config.detectionFile);
  if (text !== null) return parseDetectionFile(text, config.detectionFile);
  if (!config.detectionFileNamed) return DEFAULT_SETTINGS;
  throw new SpillwayError(
    "CONFIGURATION",
    `there is no file ${config.detectionFile}: make it, or unset SPILLWAY_DETECTION_FILE`,
  );
}

/** What is asked of detection, for as long as the process lives. */
export interface KeptDetectionSettings {
  current(): DetectionSettings;
  /** Signals are no longer listened to. */
  stop(): void;
}

/**
 * Puts the detection file in force now, and again at each SIGHUP. A file that has become faulty changes nothing: the
 * log says what is wrong with it, and the one before it holds.
 *
 * @throws CONFIGURATION for the file as it is now
 */
export async function keepDetectionFile(
  config: DetectionFileConfig,
  log: Logger,
): Promise<KeptDetectionSettings> {
  let settings = await readDetectionFile(config);
  let applying: Promise<void> = Promise.resolve();
  const onHangup = () => {
    applying = applying
      .then(async () => {
        settings = await readDetectionFile(config);
        log.info(
          { file: config.detectionFile, roles: settings.roles.size },
          "the detection file is in force",
        );
      })
      .catch((error: unknown) =>
        log.error({ err: error }, "the detection file is not taken; the one before it holds"),
      );
  };
  process.on("SIGHUP", onHangup);
  return { current: () => settings, stop: () => process.off("SIGHUP", onHangup) };
}
