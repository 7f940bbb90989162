import { type KeptDetectionSettings, keepDetectionFile } from "../commands/detection-file.ts";
import { keepLabelRules } from "../commands/labels-file.ts";
import { type KeptReceivers, keepReceivers } from "../commands/receivers-file.ts";
import type { PrismaClient } from "../store/client.ts";
import type { Service } from "./service.ts";

export interface Files {
  readonly detection: KeptDetectionSettings;
  readonly receivers: KeptReceivers;
}

/** labels.yml, detection.yml and receivers.yml, each in force now and again at each SIGHUP. */
export async function startFiles(
  { life, config, log, now, addresses }: Service,
  db: PrismaClient,
): Promise<Files> {
  await life.start("label rules", async () => {
    const stop = await keepLabelRules(config, db, log, now);
    return { value: undefined, stop };
  });
  const detection = await life.start("detection file", async () => {
    const value = await keepDetectionFile(config, log);
    return { value, stop: () => value.stop() };
  });
  const receivers = await life.start("receivers", async () => {
    const value = await keepReceivers(config, { log, publicUrl: addresses.public(), now });
    return { value, stop: () => value.stop() };
  });
  return { detection, receivers };
}
