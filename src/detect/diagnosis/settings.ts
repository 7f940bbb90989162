/** What the sysctls of a namespace say, as numbers; null where one was not seen. */
export interface Settings {
  readonly somaxconn: number | null;
  /** 0: never, 1: once the SYN queue is full, 2: for each SYN. */
  readonly syncookies: number | null;
  readonly abortOnOverflow: boolean | null;
  /** Ports that outgoing connections may use. */
  readonly localPorts: number | null;
  /** Pages of TCP memory from which the kernel holds back. */
  readonly memoryPressurePages: number | null;
}

export function readSettings(sysctls: Readonly<Record<string, string>>): Settings {
  const numbers = (name: string): number[] => {
    const found = (sysctls[name] ?? "").trim().split(/\s+/).map(Number);
    return found.every(Number.isFinite) ? found : [];
  };
  const one = (name: string): number | null =>
    sysctls[name] === undefined ? null : (numbers(name)[0] ?? null);
  const [firstPort, lastPort] = numbers("net.ipv4.ip_local_port_range");
  const abort = one("net.ipv4.tcp_abort_on_overflow");
  const memory = numbers("net.ipv4.tcp_mem")[1];
  return {
    somaxconn: one("net.core.somaxconn"),
    syncookies: one("net.ipv4.tcp_syncookies"),
    abortOnOverflow: abort === null ? null : abort !== 0,
    localPorts:
      firstPort === undefined || lastPort === undefined ? null : Math.max(0, lastPort - firstPort + 1),
    memoryPressurePages: memory === undefined || memory === 0 ? null : memory,
  };
}

/** Whether a kernel release (`5.10.0-21-amd64`) is at least the one named; null where it cannot be told. */
export function isKernelFrom(release: string | null, major: number, minor: number): boolean | null {
  const match = /^([0-9]{1,4})\.([0-9]{1,4})/.exec(release ?? "");
  if (match === null) return null;
  const [, ownMajor, ownMinor] = match.map(Number) as [number, number, number];
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
