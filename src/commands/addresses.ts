import { hostname } from "node:os";

/** The URL by which a client on this machine reaches an address that is listened on. */
export function localUrl(listenAddress: string, port: number): string {
  return `http://${bracketed(isEvery(listenAddress) ? "127.0.0.1" : listenAddress)}:${port}`;
}

/**
 * The URL by which other machines reach it; null when they cannot, because it is a loopback address. Where
 * every address is listened on, the machine's name stands for them.
 */
export function remoteUrl(listenAddress: string, port: number): string | null {
  if (/^(127\.|::1$|localhost$)/.test(listenAddress)) return null;
  return `http://${bracketed(isEvery(listenAddress) ? hostname() : listenAddress)}:${port}`;
}

function isEvery(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
