/** A disk of a few megabytes that a run fills: a tmpfs, which root alone can mount. */
import { execFileSync } from "node:child_process";
import { appendFileSync, chownSync, mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

export class SmallDisk {
  readonly folder: string;

  /** @param owner the user id that writes there */
  constructor(folder: string, megabytes: number, owner = 0) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=711`, "tmpfs", folder]);
    chownSync(folder, owner, owner);
  }

  /** Takes every byte that is left. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail === 0) return;
    try {
      appendFileSync(this.#filler, Buffer.alloc(bavail * bsize));
    } catch (error) {
      // Others took some of it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  close(): void {
    execFileSync("umount", ["-l", this.folder]);
  }

  get #filler(): string {
    return join(this.folder, "filler");
  }
}
