import type { HostQuery } from "../../generated/documents.ts";

/** A host as this page asks for it. */
export type HostDetails = NonNullable<HostQuery["host"]>;
export type HostListener = HostDetails["listeners"][number];
export type HostNamespace = HostDetails["namespaces"][number];

export interface OfHost {
  readonly host: HostDetails;
}

/** A namespace in a word or two. */
export function namespaceName({
  kind,
  name,
  containerId,
}: {
  readonly kind: HostNamespace["kind"];
  readonly name: string | null;
  readonly containerId?: string | null;
}): string {
  if (kind === "ROOT") return "the host itself";
  return name ?? containerId?.slice(0, 12) ?? "unnamed namespace";
}
