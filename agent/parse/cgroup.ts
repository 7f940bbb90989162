/** Who a process belongs to, by its cgroup. Absent what the path does not say. */
export interface CgroupOwner {
  /** `docker`, `containerd`, `cri-o`, `podman`, `systemd-nspawn`, `lxc`. */
  readonly runtime?: string;
  readonly containerId?: string;
  /** Of the Kubernetes pod. */
  readonly podUid?: string;
  /** The systemd unit, where no container claims the process. */
  readonly unit?: string;
}

/** Names of one segment of a path that only a container's has, by runtime. */
const SCOPES: readonly (readonly [RegExp, string])[] = [
  [/^docker-([0-9a-f]{64})(?:\.scope)?$/, "docker"],
  [/^cri-containerd-([0-9a-f]{64})(?:\.scope)?$/, "containerd"],
  [/^nerdctl-([0-9a-f]{64})(?:\.scope)?$/, "containerd"],
  [/^crio-([0-9a-f]{64})(?:\.scope)?$/, "cri-o"],
  [/^libpod-(?:payload-)?([0-9a-f]{64})(?:\.scope)?$/, "podman"],
  // The systemd form given to a runtime that drives cgroupfs: "slice:prefix:id".
  [/:cri-containerd:([0-9a-f]{64})$/, "containerd"],
  [/:docker:([0-9a-f]{64})$/, "docker"],
  [/:crio:([0-9a-f]{64})$/, "cri-o"],
  [/^lxc\.payload[.](.+)$/, "lxc"],
  [/^systemd-nspawn@(.+)\.service$/, "systemd-nspawn"],
  // machine-qemu... is a virtual machine of libvirt.
  [/^machine-(?!qemu)(.+)\.scope$/, "systemd-nspawn"],
];

/** A parent that names the runtime of the bare id below it. */
const PARENTS: ReadonlyMap<string, string> = new Map([
  ["docker", "docker"],
  ["ecs", "docker"],
  ["containerd", "containerd"],
  ["lxc", "lxc"],
]);

const BARE_ID = /^[0-9a-f]{64}$/;
/** Of ECS on Fargate: the task's id, then a number. */
const FARGATE_ID = /^[0-9a-f]{32}-[0-9]+$/;
/** The uid of a static pod is a hash without dashes; in a slice's name the dashes are underscores. */
const POD = /(?:^|-)pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?::|$)/;
const UNIT = /\.(?:service|scope|socket|mount|swap)$/;

/**
 * Reads /proc/<pid>/cgroup: `0::path` with cgroup v2, a line for each hierarchy with v1, both on hybrid
 * hosts. The path that says most is taken: the v1 controllers of one container agree, and those that no
 * runtime manages say nothing. Never throws: a line of another form says nothing either.
 */
export function parseCgroup(text: string): CgroupOwner {
  let best: CgroupOwner = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":", line.indexOf(":") + 1);
    if (colon === -1) continue;
    const owner = ownerOfPath(line.slice(colon + 1));
    if (weight(owner) > weight(best)) best = owner;
  }
  return best;
}

function weight(owner: CgroupOwner): number {
  if (owner.containerId !== undefined) return owner.runtime === undefined ? 3 : 4;
  if (owner.podUid !== undefined) return 2;
  return owner.unit === undefined ? 0 : 1;
}

/** The deepest claim wins: a container within a container is the inner one's. */
function ownerOfPath(path: string): CgroupOwner {
  const segments = path.split("/").filter((segment) => segment !== "");
  const podUid = podOf(segments);
  const pod = podUid === undefined ? {} : { podUid };
  for (let i = segments.length - 1; i >= 0; i -= 1) {
    const segment = segments[i] ?? "";
    for (const [form, runtime] of SCOPES) {
      const id = form.exec(segment)?.[1];
      if (id !== undefined) return { runtime, containerId: unescapeUnit(id), ...pod };
    }
    const runtime = PARENTS.get(segments[i - 1] ?? "") ?? PARENTS.get(segments[i - 2] ?? "");
    if (BARE_ID.test(segment) || FARGATE_ID.test(segment)) {
      return { ...(runtime === undefined ? {} : { runtime }), containerId: segment, ...pod };
    }
    // LXC names its containers freely.
    if (segments[i - 1] === "lxc") return { runtime: "lxc", containerId: segment, ...pod };
  }
  if (podUid !== undefined) return pod;
  const unit = segments.findLast((segment) => UNIT.test(segment));
  return unit === undefined ? {} : { unit: unescapeUnit(unit) };
}

function podOf(segments: readonly string[]): string | undefined {
  for (let i = segments.length - 1; i >= 0; i -= 1) {
    const uid = POD.exec(segments[i] ?? "")?.[1];
    if (uid !== undefined) return uid.replaceAll("_", "-");
  }
  return undefined;
}

/** systemd writes each byte that its unit names cannot hold as \xNN. Anybody may name a unit so, with any bytes. */
function unescapeUnit(name: string): string {
  return name.replaceAll(/(?:\\x[0-9a-f]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll("\\x", ""), "hex").toString("utf8"),
  );
}
