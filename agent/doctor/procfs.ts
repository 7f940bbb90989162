import { createCapabilities } from "../capabilities.ts";
import type { Collector } from "../collector.ts";
import { openHost } from "../host.ts";
import { rootNetDir } from "../host-facts.ts";
import { type Finding, messageOf } from "./check.ts";

const CHECK = "procfs";

/** Whether the kernel's counters can be read. */
export function checkProcfs(procfs: string, collectors: readonly Collector[]): Finding {
  const failed = (message: string): Finding => ({ check: CHECK, status: "FAIL", message });
  try {
    const capabilities = createCapabilities();
    const host = openHost(procfs, collectors, capabilities);
    const { scrape } = host.read();
    const [failure] = scrape.failures;
    if (failure !== undefined) {
      return failed(
        `${failure.collector} cannot be read: ${failure.error.message}; give --procfs the procfs of a Linux kernel, and let this user read it`,
      );
    }
    if (!scrape.names.includes("TcpExtListenDrops")) {
      return failed(
        `${rootNetDir(procfs)} has no TcpExtListenDrops, which all of this is about: give --procfs the procfs of the host`,
      );
    }
    const absent = capabilities
      .list()
      .flatMap(({ available, reason }) => (available ? [] : [reason ?? "a source is not there"]));
    const { kernel, arch } = host.facts;
    const read = `${scrape.names.length} counters of Linux ${kernel} ${arch} in ${rootNetDir(procfs)}`;
    if (absent.length === 0) return { check: CHECK, status: "ok", message: read };
    return {
      check: CHECK,
      status: "warn",
      message: `${read}; ${absent.join("; ")}: nothing to mend unless it is wanted`,
    };
  } catch (error) {
    return failed(messageOf(error));
  }
}
