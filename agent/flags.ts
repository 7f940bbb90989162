/** Every flag of the agent. `env` gives the same setting where the flag is absent. */
const FLAG_LIST = [
  {
    name: "server",
    takes: "string",
    env: "SPILLWAY_AGENT_SERVER",
    example: "https://spillway.example.net:4000",
    help: "address of the service (default http://127.0.0.1:4000)",
  },
  {
    name: "token-file",
    takes: "string",
    env: "SPILLWAY_AGENT_TOKEN_FILE",
    example: "/etc/spillway/ingest-token",
    help: "file with the ingest token (SPILLWAY_AGENT_TOKEN: the token itself)",
  },
  {
    name: "interval",
    takes: "string",
    env: "SPILLWAY_AGENT_INTERVAL",
    example: "10s",
    help: "time between snapshots: 500ms, 10s, 1m (default 10s, or what the service asks for)",
  },
  {
    name: "procfs",
    takes: "string",
    env: "SPILLWAY_AGENT_PROCFS",
    example: "/host/proc",
    help: "procfs of the host (default /proc; any other is read as /1/net below it)",
  },
  {
    name: "state-dir",
    takes: "string",
    env: "SPILLWAY_AGENT_STATE_DIR",
    example: "/var/lib/spillway-agent",
    help: "folder of the host's identity (default that, or ~/.local/state/spillway-agent)",
  },
  {
    name: "spool-max",
    takes: "string",
    env: "SPILLWAY_AGENT_SPOOL_MAX",
    example: "64MiB",
    help: "disk for unsent snapshots; beyond it the oldest are dropped (default 64MiB)",
  },
  {
    name: "goodbye",
    takes: "string",
    env: "SPILLWAY_AGENT_GOODBYE",
    example: "leaving",
    help: "said when stopped: leaving or restarting (default restarting; leaving when systemd shuts the host down)",
  },
  {
    name: "name",
    takes: "string",
    env: "SPILLWAY_AGENT_NAME",
    example: "web-1",
    help: "name of this host for display (default its host name)",
  },
  {
    name: "label",
    takes: "string",
    env: "SPILLWAY_AGENT_LABEL",
    example: "role=web",
    help: "label of this host, repeatable (in the environment separated by commas)",
  },
  {
    name: "namespaces",
    takes: "string",
    env: "SPILLWAY_AGENT_NAMESPACES",
    example: "root",
    help: "network namespaces to watch: all (default), or root for the host's own alone",
  },
  {
    name: "namespace-counters",
    takes: "string",
    env: "SPILLWAY_AGENT_NAMESPACE_COUNTERS",
    example: "all",
    help: "counters of the others: those that diagnosis needs (default), or all",
  },
  {
    name: "namespace-scan",
    takes: "string",
    env: "SPILLWAY_AGENT_NAMESPACE_SCAN",
    example: "30s",
    help: "time between looks for new namespaces (default 30s)",
  },
  {
    name: "namespace-max",
    takes: "string",
    env: "SPILLWAY_AGENT_NAMESPACE_MAX",
    example: "200",
    help: "most that are watched beside the root: those already watched, then the oldest (default 200)",
  },
  {
    name: "once",
    takes: "boolean",
    env: "SPILLWAY_AGENT_ONCE",
    example: "",
    help: "push one snapshot, then exit 0 or 1",
  },
  {
    name: "print",
    takes: "boolean",
    env: "SPILLWAY_AGENT_PRINT",
    example: "",
    help: "with --once: show it, push nothing",
  },
  { name: "json", takes: "boolean", env: "SPILLWAY_AGENT_JSON", example: "", help: "with --print: as JSON" },
  { name: "help", takes: "boolean", env: undefined, example: "", help: "show this" },
  { name: "version", takes: "boolean", env: undefined, example: "", help: "show the version" },
] as const;

export type FlagName = (typeof FLAG_LIST)[number]["name"];

export const FLAGS: readonly {
  readonly name: FlagName;
  readonly takes: "string" | "boolean";
  readonly env: string | undefined;
  readonly example: string;
  readonly help: string;
}[] = FLAG_LIST;

export function helpText(): string {
  const rows = FLAGS.map(({ name, takes, env, example, help }) => {
    const usage = takes === "string" ? `--${name} ${name === "label" ? example : "..."}` : `--${name}`;
    return `  ${usage.padEnd(20)} ${help}${env === undefined ? "" : `\n  ${"".padEnd(20)} ${env}`}`;
  });
  return [
    "spillway-agent reads this host's TCP counters and pushes them to a Spillway service.",
    "",
    "Usage: spillway-agent [options]",
    "",
    ...rows,
    "",
  ].join("\n");
}
