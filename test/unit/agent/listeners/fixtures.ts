import { readFileSync } from "node:fs";

/** What a real kernel and iproute2 6.1 gave, all of one moment. */
export function fixture(name: string): string {
  return fixtureBytes(name).toString("utf8");
}

export function fixtureBytes(name: string): Buffer {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
}
