import { createHash } from "node:crypto";

/** Who a host is of which there is nothing but the name: the same in every process, and after every restart. */
export interface SampleHost {
  readonly id: string;
  readonly key: string;
}

export function sampleHost(name: string): SampleHost {
  return {
    id: uuidOf(`host ${name}`),
    key: createHash("sha256").update(`samples key ${name}`).digest("base64url"),
  };
}

/** The same UUID for the same text. */
export function uuidOf(text: string): string {
  const hex = createHash("sha256").update(`samples ${text}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
