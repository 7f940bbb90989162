import { expect, test } from "vitest";
import { parseConfig, type Settings, type Surroundings } from "../../../agent/config.ts";

const around: Surroundings = {
  isRoot: true,
  home: "/home/ann",
  hostname: "web-1",
  readFile: (path) => {
    if (path === "/etc/token") return "s3cret\n";
    if (path === "/etc/two-lines") return "s3cret\nand more\n";
    throw new Error("ENOENT: no such file or directory");
  },
};
const TOKEN = ["--token-file", "/etc/token"];

function settingsOf(
  argv: readonly string[],
  env: Record<string, string> = {},
  more: Partial<Surroundings> = {},
): Settings {
  const config = parseConfig(argv, env, { ...around, ...more });
  if (config.kind !== "run") throw new Error(JSON.stringify(config));
  return config.settings;
}

function problemsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const config = parseConfig(argv, env, around);
  return config.kind === "problems" ? config.problems : [];
}

test("with a token and nothing else, all defaults hold", () => {
  expect(settingsOf(TOKEN)).toEqual({
    mode: "run",
    json: false,
    all: false,
    server: new URL("http://127.0.0.1:4000"),
    tokenFile: "/etc/token",
    token: "s3cret",
    tokenProblem: null,
    intervalMs: 10_000,
    intervalIsFixed: false,
    procfs: "/proc",
    stateDir: "/var/lib/spillway-agent",
    spoolMaxBytes: 64 * 1024 * 1024,
    goodbye: null,
    name: "web-1",
    nameIsFixed: false,
    labels: {},
    labelsDir: "/etc/spillway/labels.d",
    cloud: null,
    namespaces: "all",
    namespaceCounters: "diagnosis",
    namespaceScanMs: 30_000,
    namespaceMax: 200,
  });
});

test.each<[string, string[], Record<string, string>, Partial<Settings>]>([
  ["a flag", ["--interval", "1m"], {}, { intervalMs: 60_000, intervalIsFixed: true }],
  ["a size in KiB", ["--spool-max", "4096KiB"], {}, { spoolMaxBytes: 4 * 1024 ** 2 }],
  ["a size in GiB", [], { SPILLWAY_AGENT_SPOOL_MAX: "2GiB" }, { spoolMaxBytes: 2 * 1024 ** 3 }],
  ["a goodbye", ["--goodbye", "leaving"], {}, { goodbye: "leaving" }],
  ["a flag with =", ["--interval=500ms"], {}, { intervalMs: 500 }],
  ["the environment", [], { SPILLWAY_AGENT_INTERVAL: "30s" }, { intervalMs: 30_000, intervalIsFixed: true }],
  [
    "a flag before the environment",
    ["--name", "a"],
    { SPILLWAY_AGENT_NAME: "b" },
    { name: "a", nameIsFixed: true },
  ],
  ["an empty variable is not set", [], { SPILLWAY_AGENT_NAME: "" }, { name: "web-1", nameIsFixed: false }],
  ["labels add up", ["--label", "role=web", "--label=zone=a"], {}, { labels: { role: "web", zone: "a" } }],
  ["a label's value may hold =", ["--label", "q=a=b"], {}, { labels: { q: "a=b" } }],
  [
    "labels of the environment",
    [],
    { SPILLWAY_AGENT_LABEL: "role=web,zone=a" },
    { labels: { role: "web", zone: "a" } },
  ],
  ["a procfs mounted elsewhere", ["--procfs", "/host/proc/"], {}, { procfs: "/host/proc" }],
  ["the root alone", ["--namespaces", "root"], {}, { namespaces: "root" }],
  ["every counter of the others", ["--namespace-counters=all"], {}, { namespaceCounters: "all" }],
  [
    "how namespaces are looked for",
    ["--namespace-scan", "1m"],
    { SPILLWAY_AGENT_NAMESPACE_MAX: "50" },
    { namespaceScanMs: 60_000, namespaceMax: 50 },
  ],
  ["a folder of labels", ["--labels-dir", "/labels"], {}, { labelsDir: "/labels" }],
  ["a cloud", [], { SPILLWAY_AGENT_CLOUD: "gcp" }, { cloud: "gcp" }],
  ["no cloud", ["--cloud", "off"], { SPILLWAY_AGENT_CLOUD: "gcp" }, { cloud: null }],
  ["once", ["--once"], {}, { mode: "once" }],
  ["the doctor", ["doctor", "--json"], {}, { mode: "doctor", json: true, tokenProblem: null }],
  ["once by the environment", [], { SPILLWAY_AGENT_ONCE: "1" }, { mode: "once" }],
  ["0 in the environment is not set", [], { SPILLWAY_AGENT_ONCE: "0" }, { mode: "run" }],
])("%s", (_case, argv, env, expected) => {
  expect(settingsOf([...TOKEN, ...argv], env)).toMatchObject(expected);
});

test.each([
  ["root", true, {}, "/var/lib/spillway-agent"],
  ["another user", false, {}, "/home/ann/.local/state/spillway-agent"],
  ["another user with XDG_STATE_HOME", false, { XDG_STATE_HOME: "/state" }, "/state/spillway-agent"],
])("the state folder of %s", (_case, isRoot, env, stateDir) => {
  expect(settingsOf(TOKEN, env as Record<string, string>, { isRoot }).stateDir).toBe(stateDir);
});

test("the token may come from the environment; a file given by flag outweighs it", () => {
  const env = { SPILLWAY_AGENT_TOKEN: "fr0m-env" };
  expect(settingsOf([], env)).toMatchObject({ token: "fr0m-env", tokenFile: null });
  expect(settingsOf(TOKEN, env)).toMatchObject({ token: "s3cret", tokenFile: "/etc/token" });
});

test("--print needs no token", () => {
  expect(settingsOf(["--once", "--print", "--json"])).toMatchObject({ mode: "print", json: true, token: "" });
});

test.each<[string[], Record<string, string>, string]>([
  [
    ["--server", "spillway"],
    {},
    '--server is "spillway": give an address such as https://spillway.example.net:4000',
  ],
  [["--server", "ftp://a"], {}, '--server is "ftp://a": only http and https are spoken'],
  [
    ["--server", "http://ann:pw@a"],
    {},
    "--server holds a user or a password: leave them out and give --token-file",
  ],
  [["--server", "http://a/?x=1"], {}, "leave out what follows ? or #"],
  [
    ["--interval", "10"],
    {},
    '--interval is "10": give a duration from 100ms to 1h, such as 500ms, 10s or 1m',
  ],
  [["--interval", "50ms"], {}, '--interval is "50ms": give a duration from 100ms'],
  [
    [],
    { SPILLWAY_AGENT_INTERVAL: "2h" },
    'SPILLWAY_AGENT_INTERVAL is "2h": give a duration from 100ms to 1h',
  ],
  [["--label", "web"], {}, '--label is "web": give name=value'],
  [["--label", "9a=b"], {}, '--label is "9a=b": a name has up to 100 letters, digits and _'],
  [["--label", "__a=b"], {}, '--label is "__a=b"'],
  [["--label", "a=1", "--label", "a=2"], {}, "--label gives a twice: give it once"],
  [["--label", `a=${"x".repeat(501)}`], {}, "the value has 501 characters: at most 500 are sent"],
  [["--name", "x".repeat(254)], {}, "give 1 to 253 characters"],
  [["--namespaces", "some"], {}, '--namespaces is "some": give all or root'],
  [["--namespace-counters", "few"], {}, '--namespace-counters is "few": give diagnosis or all'],
  [["--namespace-scan", "1ms"], {}, '--namespace-scan is "1ms": give a duration from 1s to 1h, such as 30s'],
  [["--namespace-max", "0"], {}, '--namespace-max is "0": give a number from 1 to 1000'],
  [[], { SPILLWAY_AGENT_NAMESPACE_MAX: "1e3" }, 'SPILLWAY_AGENT_NAMESPACE_MAX is "1e3"'],
  [["--cloud", "other"], {}, '--cloud is "other": give aws, gcp, azure or off'],
  [["doctor", "--once"], {}, "doctor stands alone: leave --once and --print out"],
  [["--once", "--all"], {}, "--all belongs to --print"],
  [["--print"], {}, "--print shows one snapshot: give --once with it"],
  [["--once", "--json"], {}, "--json is a form of --print"],
  [["--sever", "x"], {}, "--sever is not known: see --help"],
  [["start"], {}, '"start" is no option: see --help'],
  [["--once=yes"], {}, '--once takes no value, but has "yes"'],
  [["--name"], {}, "--name needs a value, as in --name web-1"],
  [["--name", "--once"], {}, "--name needs a value, as in --name web-1"],
  [[], { SPILLWAY_AGENT_ONCE: "maybe" }, 'SPILLWAY_AGENT_ONCE is "maybe": give 1 or 0'],
])("%s %o is refused with the value and the remedy: %s", (argv, env, problem) => {
  expect(problemsOf([...TOKEN, ...argv], env).join("\n")).toContain(problem);
});

test.each<[string, string[], Record<string, string>, string]>([
  ["no token", [], {}, "no token: give --token-file, or SPILLWAY_AGENT_TOKEN in the environment"],
  ["a file that is not there", ["--token-file", "/etc/no"], {}, "cannot read the token file /etc/no: ENOENT"],
  [
    "a file with more than a token",
    ["--token-file", "/etc/two-lines"],
    {},
    "must hold one token and nothing else",
  ],
  [
    "two in the environment",
    [],
    { SPILLWAY_AGENT_TOKEN: "a", SPILLWAY_AGENT_TOKEN_FILE: "/etc/token" },
    "are both set",
  ],
  ["one that no header can carry", [], { SPILLWAY_AGENT_TOKEN: "a b" }, "SPILLWAY_AGENT_TOKEN holds spaces"],
])("token: %s", (_case, argv, env, problem) => {
  const problems = problemsOf(argv, env).join("\n");
  expect(problems).toContain(problem);
  expect(problems).not.toContain("s3cret");
});

test("the doctor begins without a token, and knows what is wrong with it", () => {
  expect(settingsOf(["doctor"])).toMatchObject({
    token: "",
    tokenProblem: expect.stringContaining("no token"),
  });
});

test("variables that give labels are no unknown ones", () => {
  const config = parseConfig(TOKEN, { SPILLWAY_AGENT_LABEL_RACK: "a1" }, around);
  expect(config.kind === "run" ? config.warnings : null).toEqual([]);
});

test("all problems are reported together", () => {
  expect(problemsOf(["--server", "x", "--interval", "y", "--label", "z", "--what"])).toHaveLength(5);
});

test("a password in the address is not repeated", () => {
  expect(problemsOf([...TOKEN, "--server", "ftp://ann:pa55@a"]).join()).not.toContain("pa55");
});

test.each([
  ["a variable that nothing reads", {}, { SPILLWAY_AGENT_SEVER: "x" }, "SPILLWAY_AGENT_SEVER is not known"],
  [
    "a token in the clear over a network",
    {},
    { SPILLWAY_AGENT_SERVER: "http://10.0.0.1" },
    "travel in the clear",
  ],
])("warns of %s", (_case, _argv, env, warning) => {
  const config = parseConfig(TOKEN, env as Record<string, string>, around);
  expect(config.kind === "run" ? config.warnings.join() : "").toContain(warning);
});

test.each([
  ["--help", "help"],
  ["--version", "version"],
])("%s is answered, whatever else is wrong", (flag, kind) => {
  expect(parseConfig(["--server", "x", flag], {}, around).kind).toBe(kind);
});
