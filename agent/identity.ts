import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { AGENT_KEY, UUID } from "../src/protocol/limits.ts";
import { readState, writeState } from "./state-folder.ts";

/** Who this agent is to the service, for as long as its state folder lives. */
export interface Identity {
  /** Random UUID in lower case. Not the machine id, which clones share and a reinstall changes. */
  readonly host: string;
  /** 32 random bytes in base64url. The service binds it to the host id at first sight. A secret. */
  readonly key: string;
}

export const IDENTITY_NAME = "identity.json";

/**
 * Reads the identity, or makes it at first start. Id and key are one file, so they are lost together: an id
 * without its key would be refused for ever.
 *
 * @throws Error when the file is there and damaged. It is never replaced silently: a new id is a new host,
 * whose history begins anew, and that is for a person to decide.
 */
export function openIdentity(folder: string): { readonly identity: Identity; readonly isNew: boolean } {
  const text = readState(folder, IDENTITY_NAME);
  if (text !== null) return { identity: parseIdentity(text, join(folder, IDENTITY_NAME)), isNew: false };
  const identity = { host: randomUUID(), key: randomBytes(32).toString("base64url") };
  writeState(folder, IDENTITY_NAME, `${JSON.stringify(identity)}\n`);
  return { identity, isNew: true };
}

function parseIdentity(text: string, path: string): Identity {
  const damaged = (why: string) =>
    new Error(
      `cannot use ${path}: ${why}; restore it from a backup, or delete it to begin as a new host without this one's history`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("it is not JSON");
  }
  if (typeof value !== "object" || value === null) throw damaged("it is not a JSON object");
  const host = "host" in value ? value.host : undefined;
  const key = "key" in value ? value.key : undefined;
  if (typeof host !== "string" || !UUID.test(host)) throw damaged("its host is not a UUID in lower case");
  if (typeof key !== "string" || !AGENT_KEY.test(key))
    throw damaged("its key is not 43 characters of base64url");
  return { host, key };
}
