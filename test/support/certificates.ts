/** Certificates of a test's own, where openssl is installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate that is signed by itself, for `names` as openssl writes them: `DNS:localhost`. */
export function makeCertificate(folder: string, name: string, names: string): TestCertificate {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  execFileSync(
    "openssl",
    [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
      ],
      ...[
        "-keyout",
        files.key,
        "-out",
        files.cert,
        "-subj",
        `/CN=${name}`,
        "-addext",
        `subjectAltName=${names}`,
      ],
    ],
    { stdio: "ignore" },
  );
  return files;
}
