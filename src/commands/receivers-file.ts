import type { Config } from "../config.ts";
import { SpillwayError } from "../errors.ts";
import { parseReceivers, type ReceiversConfig } from "../notify/config/receivers-file.ts";
import { type Notifying, notifyingBy } from "../notify/in-force.ts";
import type { Logger } from "../telemetry/log.ts";
import { readTextFile } from "../yaml-file.ts";
import { atHangup } from "./at-hangup.ts";

type ReceiversFileConfig = Pick<Config, "receiversFile" | "receiversFileNamed">;

/**
 * What the receivers file says.
 *
 * @returns null when there is no file and none is named: then nothing is sent
 * @throws CONFIGURATION when the file has faults, or is named and is not there
 */
export async function readReceivers(
  { receiversFile, receiversFileNamed }: ReceiversFileConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ReceiversConfig | null> {
  const text = await readTextFile(receiversFile);
  if (text !== null) return parseReceivers(text, receiversFile, { environment });
  if (!receiversFileNamed) return null;
  throw new SpillwayError(
    "CONFIGURATION",
    `there is no file ${receiversFile}: make it, or unset SPILLWAY_RECEIVERS_FILE`,
  );
}

export interface KeptReceivers {
  /** Null when no file says where notifications go. The same object for as long as nothing has changed. */
  current(): Notifying | null;
  /** Signals are no longer listened to. */
  stop(): void;
}

/**
 * Puts the receivers file in force now, and again at each SIGHUP, with its secrets read anew. A file that has become
 * faulty changes nothing: the log says what is wrong with it, and the one before it holds.
 *
 * @param publicUrl for links
 * @throws CONFIGURATION for the file as it is now
 */
export async function keepReceivers(
  config: ReceiversFileConfig,
  { log, publicUrl, now }: { readonly log: Logger; readonly publicUrl: string; readonly now: () => number },
): Promise<KeptReceivers> {
  let notifying: Notifying | null = null;
  const apply = async (): Promise<void> => {
    const read = await readReceivers(config, process.env);
    notifying = read === null ? null : notifyingBy(read, { publicUrl, now });
    if (notifying === null) return;
    log.info({ file: config.receiversFile, receivers: notifying.receivers.size }, "receivers are in force");
  };
  await apply();
  const stop = atHangup(apply, log, "the receivers file is not taken; the one before it holds");
  return { current: () => notifying, stop };
}
