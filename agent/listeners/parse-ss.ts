import { excerpt, ListenerParseError, type SeenListener } from "./seen.ts";

const ORIGIN = "the output of ss";
const U32_MAX = 2 ** 32 - 1;

/** What ss printed. */
export interface SsOutput {
  readonly sockets: readonly SeenListener[];
  /**
   * False when ss asked the kernel's tcp_diag in vain and read /proc/net/tcp instead, which it does without a
   * word: such sockets have no memory information, and their limit is printed as 0.
   */
  readonly fromKernel: boolean;
}

interface Line {
  readonly text: string;
  readonly number: number;
}

/**
 * Reads `ss -ltnmeHO`. Also what older versions print: a header (before -H), memory on a line of its own
 * (before -O), addresses without brackets (before iproute2 4.15), no cgroup (before 5.9), no drops in skmem
 * (kernels before 4.7).
 *
 * @throws ListenerParseError when a line is not that of a LISTEN socket.
 */
export function parseSs(text: string): SsOutput {
  const lines = joinContinuations(text);
  const raw = lines.map(readLine);
  const oldAddresses = raw.some(({ host }) => isBareV6(host));
  const newAddresses = raw.some(({ host }) => host === "0.0.0.0" || host.startsWith("["));
  const sockets = raw.map(({ host, v6only, memory: _memory, ...socket }) => ({
    address: addressOf(host, v6only || (newAddresses && !oldAddresses)),
    ...socket,
  }));
  return { sockets, fromKernel: raw.every(({ memory }) => memory) };
}

/** The lines that begin a socket, with what is printed of it on indented lines after them. */
function joinContinuations(text: string): Line[] {
  const lines: Line[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || /^State\s/.test(line)) continue;
    const last = lines.at(-1);
    if (/^\s/.test(line) && last !== undefined) {
      lines[lines.length - 1] = { text: `${last.text} ${line.trim()}`, number: last.number };
    } else lines.push({ text: line, number: index + 1 });
  }
  return lines;
}

const LISTEN = /^LISTEN\s+([0-9]+)\s+([0-9]+)\s+(\S+):([0-9]+)\s+\S+:(?:\*|[0-9]+)(?=\s|$)(.*)$/;
/** The cgroup is a path and may hold anything but a newline: what is before it and after it is cut off first. */
const CGROUP = /\scgroup:(.*?)(?=\s+(?:v6only:[01]|<->|-->|<--|---)(?:\s|$)|\s*$)/;
/** The last one: a path may hold such words too. */
const MEMORY = /\s(?:sk)?mem:\(([a-z0-9,]*)\)\s*$/;

function readLine({ text, number }: Line) {
  const match = LISTEN.exec(text);
  if (match === null) {
    throw new ListenerParseError(ORIGIN, number, `no LISTEN socket: "${excerpt(text)}"`);
  }
  const [, queue = "", limit = "", host = "", port = "", rest = ""] = match;
  const memory = MEMORY.exec(rest);
  const details = memory === null ? rest : rest.slice(0, memory.index);
  const cgroup = CGROUP.exec(details);
  const plain = cgroup === null ? details : details.slice(0, cgroup.index);
  const after = cgroup === null ? details : details.slice(cgroup.index + cgroup[0].length);
  const inode = /\sino:([0-9]{1,20})(?=\s|$)/.exec(plain)?.[1];
  const cookie = /\ssk:([0-9a-f]{1,16})(?=\s|$)/.exec(plain)?.[1];
  const uid = /\suid:([0-9]+)(?=\s|$)/.exec(plain)?.[1];
  const path = cgroup?.[1];
  const drops = memory === null ? undefined : /(?:^|,)d([0-9]+)(?:,|$)/.exec(memory[1] ?? "")?.[1];
  const integer = (what: string, digits: string, max: number) => readInteger(number, what, digits, max);
  return {
    host,
    v6only: /\sv6only:[01](?:\s|$)/.test(after),
    memory: memory !== null,
    port: integer("the port", port, 65_535),
    inode: inode ?? "0",
    ...(cookie === undefined ? {} : { cookie }),
    acceptQueue: integer("Recv-Q", queue, U32_MAX),
    limit: memory === null ? null : integer("Send-Q", limit, U32_MAX),
    drops: drops === undefined ? null : integer("d in skmem", drops, U32_MAX),
    // ss leaves out the uid of root.
    ...(inode === undefined && uid === undefined ? {} : { uid: integer("uid", uid ?? "0", U32_MAX) }),
    // A cgroup that ss cannot find by its id is "unreachable:<id>": that of another mount or one removed.
    ...(path === undefined || !path.startsWith("/") ? {} : { cgroup: path }),
  };
}

function readInteger(line: number, what: string, digits: string, max: number): number {
  const value = Number(digits);
  if (value <= max) return value;
  throw new ListenerParseError(ORIGIN, line, `${what} is ${excerpt(digits)}, above ${max}`);
}

function isBareV6(host: string): boolean {
  return !host.startsWith("[") && host.split("%", 1).join("").includes(":");
}

/** @param newStar `*` is a socket of both families, as ss has it since 4.15; before, it was IPv4's 0.0.0.0. */
function addressOf(host: string, newStar: boolean): string {
  // A zone stands inside the brackets or behind them, by version.
  const bare = host.replace(/[[\]]/g, "").split("%", 1).join("");
  if (bare !== "*") return bare;
  return newStar ? "::" : "0.0.0.0";
}
