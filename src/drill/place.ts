import { spawnSync } from "node:child_process";

/** Where a drill is made. */
export type Place =
  /** In a network of its own, by this command. */
  | { readonly kind: "namespaces"; readonly before: readonly string[] }
  /** On the loopback of this machine; why not elsewhere. */
  | { readonly kind: "loopback"; readonly why: string };

/** What lets a drill have a network of its own. */
export const NETWORK_REMEDY =
  "needed are root or user namespaces (user.max_user_namespaces above 0, and where the kernel has them kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0), `unshare` of util-linux and `ip` of iproute2";

/**
 * Finds out whether this user may make namespaces for network, processes and mounts: there process 1 is the drill's,
 * so that its agent sees a whole host, and nothing outlives it. Without root one of users as well.
 */
export function findPlace(): Place {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? [] : ["-Ur"];
  // The network last, and by itself: so the drill's process is the oldest in it, and names it (protocol/drill.ts).
  const before = ["unshare", ...user, "--pid", "--fork", "--kill-child", "--mount-proc", "unshare", "-n"];
  const [command = "", ...args] = [...before, "ip", "link", "set", "lo", "up"];
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  if (status === 0) return { kind: "namespaces", before };
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    return { kind: "loopback", why: "unshare is not installed" };
  }
  return { kind: "loopback", why: (stderr ?? "").trim().split("\n")[0] || String(error ?? `exit ${status}`) };
}
