import type { Log, SeldomLog } from "../log.ts";
import { readState, writeState } from "../state-folder.ts";
import type { NamespaceFacts } from "./owner.ts";

/** A namespace as the agent remembers it from one run to the next. */
export interface SavedNamespace {
  readonly inode: number;
  readonly birth: number;
  readonly followed: boolean;
  readonly facts: NamespaceFacts;
}

export interface SavedNamespaces {
  readonly boot: string;
  /** Uptime of the scan that this was saved after, in ms. */
  readonly scanUptimeMs: number;
  readonly namespaces: readonly SavedNamespace[];
}

const NAME = "namespaces.json";

/** What was saved in this boot; null when nothing was, or nothing that can be read. */
function readSavedNamespaces(folder: string, boot: string, log: Log): SavedNamespaces | null {
  try {
    const text = readState(folder, NAME);
    if (text === null) return null;
    const saved = JSON.parse(text) as SavedNamespaces;
    if (!Number.isFinite(saved.scanUptimeMs) || !saved.namespaces.every(isNamespace)) {
      throw new Error("a namespace is not complete");
    }
    return saved.boot === boot ? saved : null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn(`${NAME} in ${folder} cannot be used, all namespaces are taken for new ones: ${why}`);
    return null;
  }
}

function isNamespace({ inode, birth, facts }: SavedNamespace): boolean {
  return (
    Number.isSafeInteger(inode) &&
    Number.isSafeInteger(birth) &&
    (facts.kind === "container" || facts.kind === "other")
  );
}

/** @throws Error when it cannot be written. */
function saveNamespaces(folder: string, saved: SavedNamespaces): void {
  writeState(folder, NAME, `${JSON.stringify(saved)}\n`);
}

/** Where namespaces are remembered from one run to the next. */
export interface NamespaceMemory {
  /** What an earlier run of this boot kept. */
  readonly saved: SavedNamespaces | null;
  /** Never throws: what cannot be saved is said, and costs the births at the next start. */
  readonly save: (namespaces: SavedNamespaces) => void;
}

export function openNamespaceMemory(
  folder: string,
  boot: string,
  log: Log,
  seldom: SeldomLog,
): NamespaceMemory {
  return {
    saved: readSavedNamespaces(folder, boot, log),
    save(namespaces) {
      try {
        saveNamespaces(folder, namespaces);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        seldom.say("namespaces", log.warn, `cannot save ${NAME} in ${folder}: ${why}`);
      }
    },
  };
}
