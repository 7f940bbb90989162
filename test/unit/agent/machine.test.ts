import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openIdentity } from "../../../agent/identity.ts";
import { disownCopy } from "../../../agent/machine.ts";
import { temporaryFolder } from "./support/procfs.ts";

const [FIRST, SECOND] = ["1".repeat(32), "2".repeat(32)] as const;

/** A machine's disk, and one start after another of the agent on it. */
function makeMachine(machineId = FIRST) {
  const disk = temporaryFolder(onTestFinished);
  const state = join(disk, "state");
  const machineIdPath = join(disk, "machine-id");
  const warnings: string[] = [];
  mkdirSync(state);
  const setMachineId = (id: string) => writeFileSync(machineIdPath, `${id}\n`);
  setMachineId(machineId);
  const start = (path = machineIdPath) => {
    disownCopy(state, { warn: (message) => void warnings.push(message) }, path);
    return openIdentity(state);
  };
  const asides = () => readdirSync(state).filter((name) => name.startsWith("of-another-machine-"));
  return { state, warnings, setMachineId, start, asides };
}

test("a machine made from an image of another begins as a new host, and keeps what was there aside", () => {
  const image = makeMachine();
  const { identity } = image.start();
  mkdirSync(join(image.state, "spool"));
  writeFileSync(join(image.state, "spool/1"), "waits");
  writeFileSync(join(image.state, "epoch.json"), "{}");
  const copy = makeMachine(SECOND);
  cpSync(image.state, copy.state, { recursive: true });

  const began = copy.start();
  expect(began.isNew).toBe(true);
  expect(began.identity.host).not.toBe(identity.host);
  expect(began.identity.key).not.toBe(identity.key);
  expect(existsSync(join(copy.state, "spool"))).toBe(false);
  expect(existsSync(join(copy.state, "epoch.json"))).toBe(false);
  const [aside = ""] = copy.asides();
  expect(readdirSync(join(copy.state, aside)).sort()).toEqual(["epoch.json", "identity.json", "spool"]);
  expect(readFileSync(join(copy.state, aside, "spool/1"), "utf8")).toBe("waits");
  expect(copy.warnings).toEqual([expect.stringContaining(join(copy.state, aside))]);
  expect(copy.warnings[0]).not.toContain(identity.key);
  // And stays that one.
  expect(copy.start()).toEqual({ identity: began.identity, isNew: false });
  expect(copy.asides()).toHaveLength(1);
});

test("the machine itself goes on, at every start", () => {
  const machine = makeMachine();
  const { identity } = machine.start();
  expect(machine.start()).toEqual({ identity, isNew: false });
  expect([machine.asides(), machine.warnings]).toEqual([[], []]);
});

test("an identity of before is this machine's, and so is one that was restored alone after a reinstall", () => {
  const machine = makeMachine(SECOND);
  const { identity } = openIdentity(machine.state);
  expect(machine.start()).toEqual({ identity, isNew: false });
  machine.setMachineId(FIRST);
  expect(machine.start().isNew).toBe(true);
  const [aside = ""] = machine.asides();
  cpSync(join(machine.state, aside, "identity.json"), join(machine.state, "identity.json"));
  expect(machine.start()).toEqual({ identity, isNew: false });
});

test.each([
  ["no machine id yet", "uninitialized"],
  ["an empty one", ""],
])("a machine with %s goes on as the host that it was", (_case, text) => {
  const machine = makeMachine();
  const { identity } = machine.start();
  machine.setMachineId(text);
  expect(machine.start()).toEqual({ identity, isNew: false });
  expect(machine.start("/nonexistent/machine-id")).toEqual({ identity, isNew: false });
});

test("a machine id that does not last as long as the state folder says nothing", () => {
  const machine = makeMachine();
  const { identity } = machine.start();
  // Another file system than the state's, as for an id that systemd makes anew at each start.
  const memory = mkdtempSync("/dev/shm/spillway-agent-test-");
  onTestFinished(() => rmSync(memory, { recursive: true }));
  writeFileSync(join(memory, "machine-id"), `${SECOND}\n`);
  expect(machine.start(join(memory, "machine-id"))).toEqual({ identity, isNew: false });
  expect(machine.start()).toEqual({ identity, isNew: false });
  expect(machine.warnings).toEqual([]);
});

test("a move that was cut short is ended at the next start, before anything speaks for the other host", () => {
  const machine = makeMachine();
  const { identity } = machine.start();
  machine.setMachineId(SECOND);
  // All but the identity is there already.
  mkdirSync(join(machine.state, "of-another-machine-x/spool"), { recursive: true });
  expect(machine.start().identity.host).not.toBe(identity.host);
  expect(machine.asides()).toHaveLength(2);
});
