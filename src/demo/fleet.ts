/**
 * A fleet that does not exist: a shop on two continents. The seed decides who its hosts are; what they do is in
 * namespace.ts.
 */
import { createHash } from "node:crypto";
import { randomOf, uuidOf } from "./random.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export interface FleetOptions {
  readonly hosts: number;
  /** When the first snapshots are taken, ms since 1970. */
  readonly startMs: number;
  readonly seed?: string;
}

/** What a service listens with, and what comes to it. */
export interface Service {
  readonly port: number;
  readonly owner: string;
  /** What it gives to listen(), within somaxconn. */
  readonly backlog: number;
  /** Connections a second that come in, and that it opens itself, in the middle of a day. */
  readonly incoming: number;
  readonly outgoing: number;
  /** Connections a second that it can take when it is well. */
  readonly capacity: number;
}

interface Role extends Service {
  readonly role: string;
  /** Hosts of it among 20. */
  readonly weight: number;
}

const ROLES: readonly Role[] = [
  {
    role: "edge",
    weight: 2,
    port: 443,
    owner: "nginx",
    backlog: 4096,
    incoming: 90,
    outgoing: 40,
    capacity: 2_000,
  },
  {
    role: "gateway",
    weight: 2,
    port: 8080,
    owner: "envoy",
    backlog: 64,
    incoming: 60,
    outgoing: 55,
    capacity: 900,
  },
  {
    role: "api",
    weight: 3,
    port: 8000,
    owner: "gunicorn",
    backlog: 2048,
    incoming: 35,
    outgoing: 20,
    capacity: 400,
  },
  {
    role: "checkout",
    weight: 4,
    port: 8443,
    owner: "java",
    backlog: 100,
    incoming: 14,
    outgoing: 9,
    capacity: 120,
  },
  {
    role: "search",
    weight: 2,
    port: 9200,
    owner: "java",
    backlog: 128,
    incoming: 25,
    outgoing: 4,
    capacity: 300,
  },
  {
    role: "auth",
    weight: 2,
    port: 8081,
    owner: "node",
    backlog: 511,
    incoming: 18,
    outgoing: 8,
    capacity: 250,
  },
  {
    role: "cache",
    weight: 1,
    port: 6379,
    owner: "redis-server",
    backlog: 511,
    incoming: 22,
    outgoing: 0.2,
    capacity: 1_500,
  },
  {
    role: "db",
    weight: 2,
    port: 5432,
    owner: "postgres",
    backlog: 244,
    incoming: 5,
    outgoing: 0.2,
    capacity: 100,
  },
  {
    role: "node",
    weight: 2,
    port: 10250,
    owner: "kubelet",
    backlog: 4096,
    incoming: 1,
    outgoing: 3,
    capacity: 500,
  },
];

const ROLE_OF_PLACE = spread(ROLES);
const REGIONS = ["eu-central-1", "us-east-1", "us-west-2"];
const RACKS = 6;

/** What runs in the containers of a node. */
const CONTAINERS: readonly (Service & { readonly app: string })[] = [
  { app: "cart", port: 9000, owner: "cart", backlog: 128, incoming: 12, outgoing: 6, capacity: 150 },
  { app: "pricing", port: 9001, owner: "pricing", backlog: 128, incoming: 8, outgoing: 3, capacity: 120 },
  { app: "mailer", port: 9002, owner: "mailer", backlog: 50, incoming: 1.5, outgoing: 2, capacity: 40 },
];

/** Versions of the services before the deploy of the story (story.ts) and since then. */
export const VERSIONS = { before: "2.13.4", since: "2.14.0" };

/** What an agent may see on a host; without privileges it sees less. */
export type Sight = "all" | "no owners" | "no limits";

export interface ContainerFacts {
  readonly app: string;
  readonly name: string;
  readonly containerId: string;
  /** Of its network namespace, as /proc shows it. */
  readonly inode: string;
  /** ms of uptime */
  readonly birth: number;
  readonly service: Service;
}

/** Who a host is. */
export interface HostFacts {
  readonly index: number;
  readonly id: string;
  readonly key: string;
  readonly machineId: string;
  readonly name: string;
  readonly role: string;
  readonly region: string;
  readonly rack: string;
  readonly boot: string;
  /** ms since 1970 */
  readonly bootedMs: number;
  readonly kernel: string;
  readonly agentVersion: string;
  readonly sight: Sight;
  readonly somaxconn: number;
  readonly service: Service;
  readonly containers: readonly ContainerFacts[];
}

const KERNELS = ["6.12.48", "6.12.48", "6.8.0-85-generic", "5.15.0-157-generic"];

export function fleetOf(options: FleetOptions): HostFacts[] {
  const perRole = new Map<string, number>();
  return Array.from({ length: options.hosts }, (_, index) => {
    const role = ROLES[ROLE_OF_PLACE[index % ROLE_OF_PLACE.length] ?? 0] as Role;
    const number = (perRole.get(role.role) ?? 0) + 1;
    perRole.set(role.role, number);
    return hostOf(options, index, role, number);
  });
}

function hostOf(
  { seed = "demo", startMs }: FleetOptions,
  index: number,
  role: Role,
  number: number,
): HostFacts {
  const own = `${seed} host ${index}`;
  const random = randomOf(own);
  const sha = (of: string) => createHash("sha256").update(`${own} ${of}`).digest();
  const region = REGIONS[number % REGIONS.length] ?? "";
  const sight = ["all", "all", "all", "no owners", "no limits"] as const;
  // Some have more to do than others.
  const load = 0.7 + 0.6 * random();
  return {
    index,
    id: uuidOf(`${own} id`),
    key: sha("key").toString("base64url"),
    machineId: sha("machine").toString("hex"),
    name: `${role.role}-${String(number).padStart(2, "0")}.${region}.shop.example`,
    role: role.role,
    region,
    rack: `${region.slice(0, 2)}-r${1 + Math.floor(RACKS * random())}`,
    boot: uuidOf(`${own} boot`),
    bootedMs: startMs - Math.floor((2 + 90 * random()) * 24 * HOUR_MS),
    kernel: KERNELS[Math.floor(KERNELS.length * random())] ?? "",
    agentVersion: random() < 0.9 ? "0.1.0" : "0.0.9",
    sight: sight[Math.floor(sight.length * random())] ?? "all",
    somaxconn: 4096,
    service: { ...role, incoming: role.incoming * load, outgoing: role.outgoing * load },
    containers: role.role === "node" ? CONTAINERS.map((one) => containerOf(own, one)) : [],
  };
}

function containerOf(host: string, { app, ...service }: (typeof CONTAINERS)[number]): ContainerFacts {
  const own = `${host} container ${app}`;
  const random = randomOf(own);
  const id = createHash("sha256").update(own).digest("hex");
  return {
    app,
    name: `${app}-${id.slice(0, 6)}`,
    containerId: id.slice(0, 12),
    inode: String(4_026_532_000 + Math.floor(1_000 * random())),
    birth: 60_000 + Math.floor(600_000 * random()),
    service,
  };
}

/** Indices of a list by their weights, as evenly spread as they can be. */
function spread(weighted: readonly { readonly weight: number }[]): readonly number[] {
  return weighted
    .flatMap(({ weight }, index) =>
      Array.from({ length: weight }, (_, place) => ({ index, at: (place + 0.5) / weight })),
    )
    .sort((a, b) => a.at - b.at || a.index - b.index)
    .map(({ index }) => index);
}
