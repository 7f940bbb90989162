/** Which counters the page shows. Pure. */
export const COUNTERS_SHOWN = [
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpPassiveOpens",
  "TcpExtTCPReqQFullDrop",
];
/** More are more than a page can be read of. */
export const COUNTERS_MAX = 12;

/** @param param of the URL: names with commas between them; null for those that are shown by default */
export function parseCounters(param: string | null): readonly string[] {
  if (param === null) return COUNTERS_SHOWN;
  const names = param.split(",").filter((name) => /^\w{1,100}$/.test(name));
  return [...new Set(names)].slice(0, COUNTERS_MAX);
}

/** @returns null when that is the default, which needs no word in the URL */
export function printCounters(names: readonly string[]): string | null {
  return names.join() === COUNTERS_SHOWN.join() ? null : names.join(",");
}
