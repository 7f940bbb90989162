import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Server } from "node:https";
import { SpillwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** Paths of a certificate chain and of its key, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What a TLS server shows. */
export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** A name or an address that the certificate is for; null when it has none but patterns. */
  readonly name: string | null;
  /** Signed by itself: clients know it only when they are given it. */
  readonly selfSigned: boolean;
  /** ms since 1970 */
  readonly expiresAt: number;
}

/** @throws CONFIGURATION when a file is missing, is none of its kind, or the two do not belong together */
export async function readTls(files: TlsFiles): Promise<TlsIdentity> {
  const [cert, key] = await Promise.all([
    readOrExplain("SPILLWAY_TLS_CERT", files.cert),
    readOrExplain("SPILLWAY_TLS_KEY", files.key),
  ]);
  const certificate = parseOrExplain(
    () => new X509Certificate(cert),
    `SPILLWAY_TLS_CERT: ${files.cert} holds no certificate in PEM: name the file with the whole chain`,
  );
  const privateKey = parseOrExplain(
    () => createPrivateKey(key),
    `SPILLWAY_TLS_KEY: ${files.key} holds no private key in PEM without a passphrase`,
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new SpillwayError(
      "CONFIGURATION",
      `the key of ${files.key} does not belong to the certificate of ${files.cert}: name the two that were made together`,
    );
  }
  return {
    cert,
    key,
    name: nameOf(certificate),
    selfSigned: certificate.checkIssued(certificate),
    expiresAt: Date.parse(certificate.validTo),
  };
}

/**
 * Reads the files again at each SIGHUP, for connections from then on. Files that have become faulty change
 * nothing: the log says what is wrong with them, and what was read before holds. Until when it does is on /metrics.
 *
 * @param first what was read before the server was made
 * @returns a function after which signals are no longer listened to
 */
export function keepTls(
  server: Server,
  { expiresAt }: TlsIdentity,
  files: TlsFiles,
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
): () => void {
  metrics.certificateExpiry.set(expiresAt / 1_000);
  const reload = async () => {
    const { cert, key, expiresAt } = await readTls(files);
    server.setSecureContext({ cert, key });
    metrics.certificateExpiry.set(expiresAt / 1_000);
    log.info(
      { file: files.cert, until: new Date(expiresAt).toISOString() },
      "the certificate was read again",
    );
  };
  let reloading: Promise<void> = Promise.resolve();
  const onHangup = () => {
    reloading = reloading
      .then(reload)
      .catch((error: unknown) =>
        log.error({ err: error }, "the certificate is not taken; the one before it holds"),
      );
  };
  process.on("SIGHUP", onHangup);
  return () => {
    process.off("SIGHUP", onHangup);
  };
}

async function readOrExplain(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "it may not be read" : code;
    throw new SpillwayError("CONFIGURATION", `${setting}: cannot read ${path}: ${why}`, { cause: error });
  }
}

function parseOrExplain<T>(parse: () => T, fault: string): T {
  try {
    return parse();
  } catch (error) {
    throw new SpillwayError("CONFIGURATION", fault, { cause: error });
  }
}

function nameOf({ subjectAltName = "" }: X509Certificate): string | null {
  const names = subjectAltName.split(", ");
  const withPrefix = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const hosts = withPrefix("DNS:").filter((name) => /^[\w.-]+$/.test(name));
  return hosts[0] ?? withPrefix("IP Address:")[0] ?? null;
}
