import { expect, test } from "vitest";
import type { Seen, SeenListeners, SeenNamespace } from "../../../agent/look.ts";
import { namespaceLines, namespacesJson } from "../../../agent/print-namespaces.ts";

function namespace(more: Partial<SeenNamespace> = {}): SeenNamespace {
  return {
    wire: { kind: "other", inode: "4026532206", birth: 10, labels: { process: "node" } },
    pid: 77,
    names: ["TcpExtListenOverflows", "TcpExtListenDrops", "TcpInSegs", "TcpExtTCPBacklogDrop"],
    values: [0, 0, 900, null],
    changes: [0, 0, 3, null],
    listeners: undefined,
    ...more,
  };
}

function listening(more: Partial<SeenListeners["sockets"][number]> = {}): SeenListeners {
  const idle = { acceptQueue: 0, peakQueue: 0, limit: 4, samplesFull: 0, drops: 0, advice: null };
  return {
    source: "ss",
    samples: 1,
    sockets: [{ address: "::", port: 80, inode: "7", owner: "node", ...idle, ...more }],
  };
}

const linesOf = (namespaces: readonly SeenNamespace[], all = false) =>
  namespaceLines({ namespaces } as unknown as Seen, all);

test("a section has whose it is, what was lost with its change, and the listeners with fill and advice", () => {
  const lost = namespace({
    values: [12, 13, 900, null],
    changes: [3, 0, 5, null],
    listeners: listening({ acceptQueue: 5, peakQueue: 5, samplesFull: 1, drops: 13, advice: "Raise it." }),
  });
  expect(linesOf([namespace(), lost, namespace()])).toEqual([
    "",
    "Namespace of node  pid 77",
    "COUNTER                VALUE  CHANGE",
    "TcpExtListenOverflows     12      +3",
    "TcpExtListenDrops         13       0",
    "Listeners by ss; full: of one look; drops: of the socket's whole life; ?: cannot be seen",
    "ADDRESS  PORT  QUEUE/LIMIT  FILL  FULL  DROPS  OWNER",
    "::         80          5/4  100%   1/1     13  node",
    "    Raise it.",
    "",
    "and 2 quiet network namespaces: --all shows them",
  ]);
});

test.each<[string, Partial<SeenNamespace>, boolean]>([
  ["nothing was lost and nobody waits", { listeners: listening() }, true],
  ["its listeners cannot be seen", {}, true],
  ["a queue holds a connection now", { listeners: listening({ acceptQueue: 1, peakQueue: 1 }) }, false],
  ["a queue held one a moment ago", { listeners: listening({ peakQueue: 2 }) }, false],
  ["a socket has dropped", { listeners: listening({ drops: 1 }) }, false],
  ["drops of a socket cannot be seen", { listeners: listening({ drops: null }) }, true],
  ["the kernel once counted a drop", { values: [0, 1, 900, null] }, false],
])("whether it is quiet when %s", (_case, more, quiet) => {
  const lines = linesOf([namespace(more)]);
  if (quiet) expect(lines).toEqual(["", "and 1 quiet network namespace: --all shows it"]);
  else expect(lines[1]).toBe("Namespace of node  pid 77");
});

test("--all shows the quiet ones too, with every counter that is not 0", () => {
  expect(linesOf([namespace()], true).slice(0, 4)).toEqual([
    "",
    "Namespace of node  pid 77",
    "COUNTER    VALUE  CHANGE",
    "TcpInSegs    900      +3",
  ]);
});

test("where there is no other namespace, nothing is said", () => {
  expect(linesOf([])).toEqual([]);
});

test.each<[SeenNamespace["wire"], string]>([
  [
    {
      ...{ kind: "container", inode: "1", birth: 1, containerId: "3f4b7c1e9d0a4f6c8b2e" },
      labels: { runtime: "docker", container: "3f4b7c1e9d0a" },
    },
    "Container 3f4b7c1e9d0a (docker)",
  ],
  [{ kind: "container", inode: "1", birth: 1, labels: { pod_uid: "0c9a" } }, "Container of pod 0c9a"],
  [{ kind: "container", inode: "1", birth: 1 }, "Container 1"],
  [
    { kind: "other", inode: "1", birth: 1, name: "redis.service", labels: { process: "redis-server" } },
    "Namespace of redis.service (redis-server)",
  ],
  [{ kind: "other", inode: "1", birth: 1 }, "Namespace 1"],
])("%o is called %s", (wire, title) => {
  expect(linesOf([namespace({ wire })], true)[1]).toBe(`${title}  pid 77`);
});

test("JSON has every namespace with all that was read of it", () => {
  const big = 2n ** 63n;
  const one = namespace({ names: ["A", "B"], values: [big, null], changes: [1, null] });
  expect(namespacesJson({ namespaces: [one] } as unknown as Seen)).toEqual([
    {
      ...one.wire,
      pid: 77,
      counters: { A: big.toString(), B: null },
      changes: { A: 1, B: null },
      listeners: null,
    },
  ]);
});
