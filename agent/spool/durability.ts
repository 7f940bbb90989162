import type { SpoolFiles } from "./files.ts";
import type { Segment } from "./segment.ts";
import { messageOf, type Trouble } from "./trouble.ts";

/** What of the spool's files may still be undone by a crash, and in which order files leave the folder. */
export interface Durability {
  /** It was written to. */
  wrote(segment: Segment): void;
  /** A file was made. */
  madeFile(): void;
  /** It is to be removed, after those before it. Nothing in it is wanted any more. */
  doom(segment: Segment): void;
  /** Whether removals wait. */
  readonly isRemoving: boolean;
  /** Removes the doomed. @throws when the disk fails; then the rest stays doomed. */
  removeDoomed(): Promise<void>;
  /**
   * Makes everything written before the call safe, and the names of the files. Closes what is not written to
   * any more. @throws when the disk fails; then what is left stays to be synced.
   */
  syncAll(isActive: (segment: Segment) => boolean): Promise<void>;
  close(segment: Segment): void;
}

/**
 * A segment is removed oldest first, and the folder synced before the next one is: the record that settles a
 * snapshot is in its own segment or a later one, so it is never gone before the snapshot is.
 */
export function createDurability(files: SpoolFiles, trouble: Trouble): Durability {
  const unsynced = new Set<Segment>();
  const doomed: Segment[] = [];
  let folderChanged = true;
  /** A removal that a crash could undo. */
  let removalOpen = true;

  async function syncSegment(segment: Segment, isActive: (segment: Segment) => boolean): Promise<void> {
    unsynced.delete(segment);
    try {
      segment.file ??= files.open(segment.name);
      await segment.file.sync();
      if (!isActive(segment) && !unsynced.has(segment)) close(segment);
    } catch (error) {
      unsynced.add(segment);
      throw error;
    }
  }

  async function syncFolder(): Promise<void> {
    folderChanged = false;
    try {
      await files.syncFolder();
      removalOpen = false;
    } catch (error) {
      folderChanged = true;
      throw error;
    }
  }

  function close(segment: Segment): void {
    try {
      segment.file?.close();
    } catch (error) {
      trouble("disk", `cannot close ${segment.name}: ${messageOf(error)}`);
    }
    segment.file = null;
  }

  return {
    wrote(segment) {
      unsynced.add(segment);
    },
    madeFile() {
      folderChanged = true;
    },
    doom(segment) {
      doomed.push(segment);
    },
    get isRemoving() {
      return doomed.length > 0;
    },
    async removeDoomed() {
      for (let segment = doomed[0]; segment !== undefined; segment = doomed[0]) {
        if (removalOpen) await syncFolder();
        files.remove(segment.name);
        doomed.shift();
        unsynced.delete(segment);
        close(segment);
        folderChanged = true;
        removalOpen = true;
      }
    },
    async syncAll(isActive) {
      for (const segment of [...unsynced]) await syncSegment(segment, isActive);
      if (folderChanged) await syncFolder();
    },
    close,
  };
}
