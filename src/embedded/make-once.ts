import { randomBytes } from "node:crypto";
import { link, open, rm } from "node:fs/promises";

/**
 * Makes a file that only its owner may read, whole or not at all: a start that ends half way, on a full disk say, leaves
 * none. One that is there already, or that another start makes at the same time, stays as it is.
 *
 * @throws what the file system throws
 */
export async function makeOnce(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    // A link, unlike a rename, does not replace what another start has put there meanwhile.
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}
