import { hostname } from "node:os";
import type { TlsIdentity } from "../http/tls.ts";

/** What TLS makes of an address; null for plain HTTP. */
type Tls = Pick<TlsIdentity, "name"> | null;

/**
 * The URL by which a client on this machine reaches an address that is listened on. With TLS by the name that
 * the certificate is for: under another, no client would believe it.
 */
export function localUrl(listenAddress: string, port: number, tls: Tls): string {
  return urlOf(tls?.name ?? (isEvery(listenAddress) ? "127.0.0.1" : listenAddress), port, tls);
}

/**
 * The URL by which other machines reach it; null when they cannot, because it is a loopback address. Where
 * every address is listened on, the machine's name stands for them, or the certificate's.
 */
export function remoteUrl(listenAddress: string, port: number, tls: Tls): string | null {
  if (/^(127\.|::1$|localhost$)/.test(listenAddress)) return null;
  return urlOf(tls?.name ?? (isEvery(listenAddress) ? hostname() : listenAddress), port, tls);
}

function urlOf(host: string, port: number, tls: Tls): string {
  return `${tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function isEvery(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}
