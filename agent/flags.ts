/** What the agent does other than to run; each a word of its own on the command line. */
export const COMMANDS = ["doctor"] as const;
export type Command = (typeof COMMANDS)[number];

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
    help: "said when stopped: leaving or restarting (default restarting; leaving when the host shuts down or the agent is uninstalled)",
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
    name: "labels-dir",
    takes: "string",
    env: "SPILLWAY_AGENT_LABELS_DIR",
    example: "/etc/spillway/labels.d",
    help: "folder of files with labels, one name=value a line (default /etc/spillway/labels.d)",
  },
  {
    name: "cloud",
    takes: "string",
    env: "SPILLWAY_AGENT_CLOUD",
    example: "aws",
    help: "labels region, zone and instance_type by the metadata service of aws, gcp or azure (default off)",
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
    help: "push one snapshot of each network namespace, then exit 0 or 1",
  },
  {
    name: "print",
    takes: "boolean",
    env: "SPILLWAY_AGENT_PRINT",
    example: "",
    help: "with --once: show counters, listeners, other namespaces and what cannot be seen; push nothing, need no token",
  },
  {
    name: "all",
    takes: "boolean",
    env: "SPILLWAY_AGENT_ALL",
    example: "",
    help: "with --print: also the counters that are 0, and namespaces in which nothing was lost",
  },
  {
    name: "json",
    takes: "boolean",
    env: "SPILLWAY_AGENT_JSON",
    example: "",
    help: "with --print: everything, as JSON; with doctor: the list of checks, as JSON",
  },
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
  const width = Math.max(...FLAGS.map((flag) => usageOf(flag).length));
  const rows = FLAGS.map((flag) => {
    const variable = flag.env === undefined ? "" : `\n  ${"".padEnd(width)}  ${flag.env}`;
    return `  ${usageOf(flag).padEnd(width)}  ${flag.help}${variable}`;
  });
  return `${[HEAD, ...rows, "", TAIL].join("\n")}\n`;
}

function usageOf({ name, takes, example }: (typeof FLAGS)[number]): string {
  if (takes === "boolean") return `--${name}`;
  return `--${name} ${name === "label" ? example : "..."}`;
}

const HEAD = `spillway-agent reads this host's TCP counters and pushes them to a Spillway service.

Usage: spillway-agent [options]           run until stopped
       spillway-agent --once [options]    push one snapshot; with --print, show one and push nothing
       spillway-agent doctor [options]    check what a run needs, and say how to mend what is wrong

Every option is also a variable of the environment, named below it; a flag outweighs its variable.

Options:`;

const TAIL = `Labels of the host, what is named first outweighs what follows; all are read at the start:
  --label                                 a fault in it ends the start
  files in --labels-dir                   *.conf and names without a dot, in the order of their names, later
                                          wins; lines name=value, # begins a comment; a bad line is a warning
  SPILLWAY_AGENT_LABEL_RACK=a1            the label rack
  NODE_NAME, POD_NAME, POD_NAMESPACE      the labels node, pod, pod_namespace (Kubernetes downward API)
  --cloud                                 asked for at most 500 ms; no answer is a warning

doctor checks procfs, whose network namespace is seen, ss, permissions, the state folder and its disk, and
whether the service answers, takes the token and has the same time. It changes nothing and sends no snapshot.
Run it as the user of the agent: sudo -u spillway-agent ... (another user may see more, or less).

Exit codes: 0 done (doctor: no check is FAIL), 1 it could not be done, 2 the settings are wrong.

Examples:
  spillway-agent --server https://spillway.example.net:4000 --token-file /etc/spillway/ingest-token
  spillway-agent --once --print
  spillway-agent doctor --server https://spillway.example.net:4000 --token-file /etc/spillway/ingest-token`;
