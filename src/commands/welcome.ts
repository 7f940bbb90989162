/** What a person needs to know when the service has started. */
export interface Welcome {
  readonly version: string;
  readonly roles: readonly string[];
  readonly url: string;
  /** Null with a database of one's own: nothing is kept in a folder then. */
  readonly dataDir: string | null;
  readonly database: string;
  readonly queues: string;
  readonly signInUrl: string;
  /** Null with a database of one's own, whose tokens are made by hand. */
  readonly adminTokenFile: string | null;
  /** Null where clients know the certificate, or need none. */
  readonly certificateFile: string | null;
  readonly notes: readonly string[];
}

const QUERY = '{"query":"{ fleet { hostCount reportingCount } }"}';

/** Where to look, as lines for the terminal. The curl line works when pasted. */
export function welcomeText(welcome: Welcome): string {
  const token =
    welcome.adminTokenFile === null ? "$SPILLWAY_TOKEN" : `$(cat ${quote(welcome.adminTokenFile)})`;
  const certificate = welcome.certificateFile === null ? "" : `--cacert ${quote(welcome.certificateFile)} `;
  const rows: [string, string][] = [
    ["Address", welcome.url],
    ["Sign in", `${welcome.signInUrl}  (once, within 15 minutes)`],
    ["Database", welcome.database],
    ["Queues", welcome.queues],
    ...(welcome.dataDir === null ? [] : [["Data", welcome.dataDir] as [string, string]]),
    ...welcome.notes.map((note): [string, string] => ["Note", note]),
  ];
  if (welcome.adminTokenFile === null) {
    rows.push(["Token", "export SPILLWAY_TOKEN=$(npx spillway token create --scope read)"]);
  }
  return [
    "",
    `Spillway ${welcome.version} is ready (${welcome.roles.join(", ")})`,
    ...rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`),
    "  Try:",
    `curl -s ${certificate}${welcome.url}/graphql -H "Authorization: Bearer ${token}" -H 'Content-Type: application/json' -d '${QUERY}'`,
    "",
    "",
  ].join("\n");
}

/** A path as a shell takes it. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
