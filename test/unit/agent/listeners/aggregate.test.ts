import { describe, expect, test } from "vitest";
import { createListenerAggregate } from "../../../../agent/listeners/aggregate.ts";
import type { SeenListener } from "../../../../agent/listeners/seen.ts";
import { LIMITS } from "../../../../src/protocol/limits.ts";

function socket(over: Partial<SeenListener> = {}): SeenListener {
  return { address: "0.0.0.0", port: 80, inode: "1", acceptQueue: 0, limit: 4, drops: 0, uid: 33, ...over };
}

function byProc(acceptQueue: number, over: Partial<SeenListener> = {}): SeenListener {
  return socket({ acceptQueue, limit: null, drops: null, ...over });
}

const nobody = () => undefined;

test("no sample is nothing, which is not an empty list", () => {
  const aggregate = createListenerAggregate();
  expect(aggregate.take(nobody)).toBeUndefined();
  aggregate.add({ source: "ss", sockets: [] });
  expect(aggregate.take(nobody)).toEqual({ source: "ss", samples: 1, sockets: [] });
  expect(aggregate.take(nobody)).toBeUndefined();
});

test("the newest queue and drops, the peak, and the samples over the limit", () => {
  const aggregate = createListenerAggregate();
  for (const [acceptQueue, drops] of [
    [4, 0],
    [5, 1],
    [5, 7],
    [2, 9],
  ] as const) {
    aggregate.add({ source: "ss", sockets: [socket({ acceptQueue, drops, cgroup: "/a" })] });
  }
  expect(aggregate.take((inode) => (inode === "1" ? "nginx" : undefined))).toEqual({
    source: "ss",
    samples: 4,
    sockets: [
      {
        address: "0.0.0.0",
        port: 80,
        inode: "1",
        acceptQueue: 2,
        peakQueue: 5,
        limit: 4,
        samplesFull: 2,
        drops: 9,
        uid: 33,
        cgroup: "/a",
        owner: "nginx",
      },
    ],
  });
  aggregate.add({ source: "ss", sockets: [socket({ acceptQueue: 1, drops: 9 })] });
  expect(aggregate.take(nobody)?.sockets).toMatchObject([{ acceptQueue: 1, peakQueue: 1, samplesFull: 0 }]);
});

test("sockets that share a port are kept apart", () => {
  const aggregate = createListenerAggregate();
  const sockets = [socket({ inode: "1", acceptQueue: 0 }), socket({ inode: "2", acceptQueue: 5 })];
  aggregate.add({ source: "ss", sockets });
  expect(aggregate.take(nobody)?.sockets).toMatchObject([
    { inode: "2", acceptQueue: 5, samplesFull: 1 },
    { inode: "1", acceptQueue: 0, samplesFull: 0 },
  ]);
});

test("sockets of the kernel, which have no inode, are kept apart by cookie", () => {
  const aggregate = createListenerAggregate();
  aggregate.add({
    source: "ss",
    sockets: [socket({ inode: "0", cookie: "a" }), socket({ inode: "0", cookie: "b" })],
  });
  expect(aggregate.take(nobody)?.sockets).toHaveLength(2);
});

test("one that vanished in between is reported once, with its last values", () => {
  const aggregate = createListenerAggregate();
  aggregate.add({ source: "ss", sockets: [socket({ acceptQueue: 3, drops: 2 })] });
  aggregate.add({ source: "ss", sockets: [] });
  expect(aggregate.take(nobody)).toMatchObject({ samples: 2, sockets: [{ acceptQueue: 3, drops: 2 }] });
  aggregate.add({ source: "ss", sockets: [] });
  expect(aggregate.take(nobody)?.sockets).toEqual([]);
});

test("a sample by /proc between two by ss does not unsay limit and drops", () => {
  const aggregate = createListenerAggregate();
  aggregate.add({ source: "ss", sockets: [socket({ acceptQueue: 5, drops: 3 })] });
  aggregate.add({ source: "proc", sockets: [byProc(5)] });
  expect(aggregate.take(nobody)).toMatchObject({
    source: "ss",
    sockets: [{ limit: 4, drops: 3, samplesFull: 2 }],
  });
});

test("one that vanished and of which there is nothing to tell is no listener any more", () => {
  const aggregate = createListenerAggregate();
  const idle = socket({ inode: "7", port: 81 });
  const dropped = socket({ inode: "8", port: 82, drops: 1 });
  aggregate.add({ source: "ss", sockets: [idle, dropped, byProc(0, { inode: "9", port: 83 })] });
  aggregate.add({ source: "ss", sockets: [socket()] });
  expect(aggregate.take(nobody)?.sockets.map(({ inode }) => inode)).toEqual(["8", "1"]);
});

test("however many there are, the fullest come first", () => {
  const aggregate = createListenerAggregate();
  const sockets = Array.from({ length: LIMITS.listenersPerSnapshot + 10 }, (_, i) =>
    socket({ inode: String(i + 1), acceptQueue: i % 5, limit: 100 }),
  );
  sockets.push(socket({ inode: "9999", acceptQueue: 101, limit: 100 }));
  aggregate.add({ source: "ss", sockets });
  const taken = aggregate.take(nobody)?.sockets ?? [];
  expect(taken).toHaveLength(sockets.length);
  expect(taken[0]?.inode).toBe("9999");
  const peaks = taken.map(({ peakQueue }) => peakQueue);
  expect(peaks).toEqual([...peaks].sort((a, b) => b - a));
});

test("sockets that come and go without a snapshot do not fill the memory", () => {
  const aggregate = createListenerAggregate();
  const often = 2 * LIMITS.listenersPerSnapshot;
  for (let i = 0; i < often; i += 1) {
    aggregate.add({ source: "ss", sockets: [socket({ inode: String(i + 10), acceptQueue: 2 })] });
  }
  aggregate.add({ source: "ss", sockets: [socket({ inode: "1" })] });
  expect(aggregate.take(nobody)?.sockets).toMatchObject([{ inode: "1" }]);
});

test.each([
  ["half a path", `/${"a".repeat(LIMITS.textLength)}`],
  ["a path in which something would be replaced", "/user.slice/\u001b[31m.scope"],
])("%s of a cgroup is none", (_case, cgroup) => {
  const aggregate = createListenerAggregate();
  aggregate.add({ source: "ss", sockets: [socket({ cgroup })] });
  expect(aggregate.take(nobody)?.sockets[0]).not.toHaveProperty("cgroup");
});

describe("a limit that cannot be seen", () => {
  function follow(
    queues: readonly number[],
    overflows: readonly number[],
    others: readonly SeenListener[] = [],
  ) {
    const aggregate = createListenerAggregate();
    aggregate.noteOverflows(overflows[0] ?? 0);
    for (const queue of queues) aggregate.add({ source: "proc", sockets: [byProc(queue), ...others] });
    aggregate.noteOverflows(overflows[1] ?? 0);
    return aggregate;
  }

  test.each([
    ["pinned while the namespace overflows: what the queue holds, less one", [5, 5, 5, 5, 5], [0, 9], 4, 5],
    ["the samples before it stood still are not full", [1, 5, 5, 5, 5, 5], [0, 9], 4, 5],
    ["four samples are too few", [5, 5, 5, 5], [0, 9], null, 0],
    ["no overflow: a queue may stand still by itself", [5, 5, 5, 5, 5], [3, 3], null, 0],
    ["an empty queue shows nothing", [0, 0, 0, 0, 0], [0, 9], null, 0],
    ["it moved", [5, 5, 4, 5, 5], [0, 9], null, 0],
  ] as const)("%s", (_case, queues, overflows, limit, samplesFull) => {
    const [seen] = follow(queues, overflows).take(nobody)?.sockets ?? [];
    expect(seen).toMatchObject({ limit, samplesFull, drops: null });
    expect(seen?.limitInferred).toBe(limit === null ? undefined : true);
  });

  test("of two ports that stood still, the overflows tell not which", () => {
    const other = byProc(2, { inode: "2", port: 81 });
    const taken = follow([5, 5, 5, 5, 5], [0, 9], [other]).take(nobody);
    expect(taken?.sockets.map(({ limit }) => limit)).toEqual([null, null]);
  });

  test("the sockets of one port are of one program: each has its own", () => {
    const other = byProc(3, { inode: "2" });
    const taken = follow([5, 5, 5, 5, 5], [0, 9], [other]).take(nobody);
    expect(taken?.sockets.map(({ limit }) => limit)).toEqual([4, 2]);
  });

  test("is kept over snapshots, and unsaid when the queue is seen to hold more", () => {
    const aggregate = follow([5, 5, 5, 5, 5], [0, 9]);
    aggregate.take(nobody);
    aggregate.add({ source: "proc", sockets: [byProc(1)] });
    expect(aggregate.take(nobody)?.sockets).toMatchObject([
      { limit: 4, limitInferred: true, samplesFull: 0 },
    ]);
    aggregate.add({ source: "proc", sockets: [byProc(6)] });
    expect(aggregate.take(nobody)?.sockets).toMatchObject([{ limit: null, samplesFull: 0 }]);
  });

  test("overflows before the first snapshot are not known, so they do not count", () => {
    const aggregate = createListenerAggregate();
    for (let i = 0; i < 5; i += 1) aggregate.add({ source: "proc", sockets: [byProc(5)] });
    aggregate.noteOverflows(9);
    expect(aggregate.take(nobody)?.sockets).toMatchObject([{ limit: null }]);
    aggregate.add({ source: "proc", sockets: [byProc(5)] });
    aggregate.noteOverflows(10);
    expect(aggregate.take(nobody)?.sockets).toMatchObject([{ limit: 4 }]);
  });
});

test("only sockets whose queue was ever above 0 are worth the search of an owner", () => {
  const aggregate = createListenerAggregate();
  aggregate.add({ source: "ss", sockets: [socket({ inode: "1", acceptQueue: 1 }), socket({ inode: "2" })] });
  aggregate.add({ source: "ss", sockets: [socket({ inode: "1" }), socket({ inode: "2" })] });
  expect(aggregate.queuedInodes()).toEqual(["1"]);
  expect([...aggregate.inodes()]).toEqual(["1", "2"]);
});
