/**
 * How long somebody waits who opens the dashboard of a large fleet, beside a small one: the built service, a durable
 * Postgres for each, and Chromium with an empty cache, in turns in one run.
 *
 * Ends by itself, and ends what it started, nothing else.
 */
import { parseArgs } from "node:util";
import { hasChromium } from "../../test/support/browser.ts";
import { type Figure, line, machine } from "../support/figure.ts";
import { startDatabase, startServe } from "../support/spillway.ts";
import { Workshop } from "../support/workshop.ts";
import { fillDashboard } from "./fill.ts";
import { open, signIn, type Waited } from "./visit.ts";

const USAGE = `npm run bench:dashboard -- [options]
  --hosts SMALL,LARGE  sizes of the two fleets (default 200,10000)
  --hours HOURS        of history (default 24)
  --rounds ROUNDS      each page is opened so many times, and the median told (default 5)
  --limit MINUTES      end after so long (default 30)
  --json               one line of JSON instead of a line a figure`;

/** Share of the hosts that drop connections at some time of the history. */
const SHARE = 0.05;
const PAGES = [
  { name: "fleet", path: "/", ready: ".tiles" },
  { name: "fleet, 24 h", path: "/?range=24h", ready: ".tiles" },
  { name: "fleet, 24 h by region", path: "/?range=24h&by=region", ready: ".tiles" },
  { name: "hosts", path: "/hosts", ready: ".table" },
] as const;

interface Options {
  readonly small: number;
  readonly large: number;
  readonly hours: number;
  readonly rounds: number;
  readonly limitMs: number;
  readonly json: boolean;
}

/** @throws Error that names the option at fault */
function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      hosts: { type: "string", default: "200,10000" },
      hours: { type: "string", default: "24" },
      rounds: { type: "string", default: "5" },
      limit: { type: "string", default: "30" },
      json: { type: "boolean", default: false },
    },
  });
  const numbers = (name: "hosts" | "hours" | "rounds" | "limit", count: number): number[] => {
    const read = values[name].split(",").map(Number);
    if (read.length === count && read.every((value) => value > 0)) return read;
    throw new Error(
      `--${name} ${values[name]}: give ${count === 1 ? "a number" : `${count} numbers`} above 0`,
    );
  };
  const [small = 0, large = 0] = numbers("hosts", 2);
  const [[hours = 0], [rounds = 0], [limit = 0]] = [
    numbers("hours", 1),
    numbers("rounds", 1),
    numbers("limit", 1),
  ];
  return { small, large, hours, rounds, limitMs: limit * 60_000, json: values.json };
}

interface Opened extends Waited {
  /** CPU of the service and of its Postgres meanwhile, in ms: what a busy machine does not change. */
  readonly cpuMs: number;
}

/** @returns opens a page of a service that shows so many hosts */
async function fleetOf(shop: Workshop, hosts: number, hours: number) {
  process.stderr.write(`bench: ${hosts.toLocaleString("en-US")} hosts ...\n`);
  const database = await startDatabase(shop);
  await fillDashboard(database.store.db, { hosts, hours, share: SHARE }, Date.now());
  const spillway = await startServe(shop, database);
  const visit = await signIn(spillway);
  shop.atEnd(() => visit.close());
  const cpuMs = () => spillway.cpuMs() + database.cpuMs();
  return async ({ path, ready }: (typeof PAGES)[number]): Promise<Opened> => {
    const before = cpuMs();
    const waited = await open(visit, `http://127.0.0.1:${spillway.port}${path}`, ready);
    return { ...waited, cpuMs: cpuMs() - before };
  };
}

/** @param tell is given each figure when it is there */
async function measure(
  shop: Workshop,
  { small, large, hours, rounds }: Options,
  tell: (figure: Figure) => void,
): Promise<void> {
  const few = await fleetOf(shop, small, hours);
  const many = await fleetOf(shop, large, hours);
  for (const page of PAGES) {
    const [ofFew, ofMany]: [Opened[], Opened[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      ofFew.push(await few(page));
      ofMany.push(await many(page));
    }
    const figure = (name: string, what: (opened: Opened) => number, details: Figure["details"]): Figure => ({
      part: "dashboard",
      name: `${page.name}, ${name}, ${large.toLocaleString("en-US")} hosts`,
      unit: "ms",
      ours: median(ofMany.map(what)),
      peer: { name: `${small.toLocaleString("en-US")} hosts`, value: median(ofFew.map(what)) },
      better: "lower",
      details,
    });
    const last = ofMany.at(-1);
    tell(
      figure("its numbers shown", ({ shownMs }) => shownMs, {
        "ms until a key is drawn": median(ofMany.map(({ keyMs }) => keyMs)),
      }),
    );
    tell(
      figure("all of it shown", ({ wholeMs }) => wholeMs, {
        "ms of the service's CPU": median(ofMany.map(({ cpuMs }) => cpuMs)),
        "of the small one's": median(ofFew.map(({ cpuMs }) => cpuMs)),
        "slowest question": last?.slowest ?? "none",
        "KB of answers": median(ofMany.map(({ answerBytes }) => answerBytes)) / 1_000,
        "KB in all": median(ofMany.map(({ bytes }) => bytes)) / 1_000,
      }),
    );
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
    if (!hasChromium) throw new Error("there is no Chromium: SPILLWAY_TEST_CHROMIUM names one");
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}\n`);
    return 1;
  }
  const shop = new Workshop();
  const leave = (code: number, why: string) => {
    process.stderr.write(`bench: ${why}\n`);
    shop.endAtOnce();
    process.exit(code);
  };
  const late = `did not end within ${options.limitMs / 60_000} minutes`;
  const deadline = setTimeout(() => leave(1, late), options.limitMs);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => leave(130, signal));
  try {
    const figures: Figure[] = [];
    await measure(shop, options, (figure) => {
      figures.push(figure);
      if (!options.json) process.stdout.write(`${line(figure)}\n`);
    });
    // The load at the end: at the beginning it is that of what ran before.
    const { cores, cpu, kernel, load1 } = machine();
    if (options.json) process.stdout.write(`${JSON.stringify({ machine: machine(), figures })}\n`);
    else process.stdout.write(`${cores} x ${cpu}, Linux ${kernel}, load ${load1.toFixed(1)} at the end\n`);
    return 0;
  } catch (error) {
    process.stderr.write(
      `bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    clearTimeout(deadline);
    await shop.end();
  }
}

process.exit(await main());
