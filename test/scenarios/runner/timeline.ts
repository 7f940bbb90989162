import { type Place, type Sample, ScriptError, type Target } from "./scenario.ts";
import type { Happening, Item } from "./series.ts";

/** The lines of one namespace: a column of them is a snapshot. */
export interface Table {
  readonly target: Target;
  readonly everyMs: number;
  readonly fromMs: number;
  readonly wordSize: 32 | 64;
  readonly rows: readonly {
    readonly counter: string;
    readonly items: readonly Item[];
    readonly place: Place;
  }[];
}

const DAY_MS = 24 * 3_600_000;
/** A clock that was ahead by no more than this is slowed down; beyond it the agent begins a new epoch. */
const SLOWED_MS = 5 * 60_000;

/** A machine that sends as the host, from its boot. */
interface Machine {
  boot: string;
  /** On the real clock. */
  bootedMs: number;
  epoch: number;
}

/** The snapshots that a table stands for, in the order in which they are taken. @throws ScriptError */
export function samplesOf(table: Table): Sample[] {
  const { target, everyMs } = table;
  const [lead] = table.rows;
  if (lead === undefined) return [];
  for (const row of table.rows) checkSameShape(lead, row);

  const machines = {
    original: { boot: `${target.host} boot 0`, bootedMs: -DAY_MS, epoch: 0 },
    clone: { boot: `${target.host} clone`, bootedMs: -2 * DAY_MS, epoch: 0 },
  };
  let machine: Machine = machines.original;
  let boots = 0;
  let clockMs = 0;
  let incarnation = 0;
  let bornMs: number | null = null;
  let nextMs = table.fromMs;
  const samples: Sample[] = [];

  const happen = (happening: Happening) => {
    // What happens between two snapshots happens half an interval before the later one.
    const middle = nextMs - everyMs / 2;
    switch (happening.kind) {
      case "pause":
        nextMs += happening.ms - everyMs;
        break;
      case "reboot":
        machine.boot = `${target.host} boot ${++boots}`;
        machine.bootedMs = middle;
        machine.epoch = 0;
        break;
      case "clock step":
        clockMs += happening.ms;
        if (happening.ms < -SLOWED_MS) machine.epoch++;
        break;
      case "agent lost its state":
        machine.epoch++;
        break;
      case "born":
      case "container restart":
        if (target.namespace === null)
          throw new ScriptError(lead.place, `[${happening.kind}] is of a container`);
        incarnation++;
        bornMs = middle;
        break;
      case "clone":
      case "original":
        machine = machines[happening.kind];
        break;
      case "agent restart":
      case "recreated":
        // Nothing that the agent would say: it goes on in its epoch, or has not noticed.
        break;
    }
  };

  lead.items.forEach((item, index) => {
    if (item.kind === "happening") {
      happen(item.happening);
      return;
    }
    if (item.kind === "value") {
      const values = new Map<string, bigint | null>();
      for (const { counter, items } of table.rows) {
        const own = items[index];
        if (own?.kind === "value" && own.cell !== "absent") values.set(counter, own.cell);
      }
      const dated = nextMs + clockMs;
      samples.push({
        target,
        incarnation,
        realMs: nextMs,
        datedMs: dated,
        deliveredMs: nextMs,
        uptimeMs: nextMs - machine.bootedMs,
        bornUptimeMs: bornMs === null ? null : bornMs - machine.bootedMs,
        everyMs,
        boot: machine.boot,
        epoch: machine.epoch,
        wordSize: table.wordSize,
        values,
      });
      bornMs = null;
    }
    nextMs += everyMs;
  });
  return samples;
}

/** Lines of one namespace say the same of when there was a snapshot, and of what happened between. */
function checkSameShape(lead: Table["rows"][number], row: Table["rows"][number]): void {
  const length = Math.max(lead.items.length, row.items.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [shapeOf(lead.items[index]), shapeOf(row.items[index])];
    if (a === b) continue;
    throw new ScriptError(
      row.place,
      `place ${index + 1} is ${b}, and in line ${lead.place.line}, of the same snapshots, ${a}`,
    );
  }
}

function shapeOf(item: Item | undefined): string {
  switch (item?.kind) {
    case undefined:
      return "not there";
    case "value":
      return "a value";
    case "missing":
      return "a missing snapshot";
    case "happening":
      return "ms" in item.happening
        ? `[${item.happening.kind} ${item.happening.ms} ms]`
        : `[${item.happening.kind}]`;
  }
}
