/** receivers.yml of a service that a test starts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export interface ReceiversFile {
  readonly path: string;
  /**
   * Webhooks by their names, each of which is told of each incident by itself and at once; `more` of each's settings, and
   * `others` that are told like them.
   */
  write(
    webhooks: Readonly<Record<string, string>>,
    more?: object,
    others?: readonly ({ readonly name: string; readonly type: string } & Record<string, unknown>)[],
  ): Promise<void>;
  writeText(text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function receiversFile(): Promise<ReceiversFile> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-receivers-"));
  const path = join(folder, "receivers.yml");
  const writeText = (text: string) => writeFile(path, text);
  return {
    path,
    writeText,
    write: (webhooks, more = {}, others = []) =>
      writeText(
        JSON.stringify({
          allow_private: ["127.0.0.0/8"],
          route: {
            group_by: ["incident"],
            group_wait: "0s",
            group_interval: "1s",
            routes: [...Object.keys(webhooks), ...others.map(({ name }) => name)].map((receiver) => ({
              matchers: ['incident!=""'],
              receiver,
              continue: true,
            })),
          },
          receivers: [
            ...Object.entries(webhooks).map(([name, url]) => ({
              name,
              type: "webhook",
              url,
              secret: WEBHOOK_SECRET,
              ...more,
            })),
            ...others,
          ],
        }),
      ),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
