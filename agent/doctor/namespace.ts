import { rootNetDir } from "../host-facts.ts";
import { judgeRoot } from "../namespaces/root.ts";
import { inodeOf } from "../namespaces/scan.ts";
import { createVerdicts, type Finding } from "./check.ts";

const CHECK = "network namespace";

/** Whose counters are read. Only those of the host's first process are ever called ROOT. */
export function checkNamespace(procfs: string, judge: typeof judgeRoot = judgeRoot): Finding {
  const verdicts = createVerdicts();
  judge(procfs, verdicts);
  const why = verdicts.whyNot("root");
  const [read, first] = [inodeOf(rootNetDir(procfs)), inodeOf(`${procfs}/1/net`)];
  const compared = `read: ${nameOf(read)}, of process 1: ${nameOf(first)}`;
  if (why === null) return { check: CHECK, status: "ok", message: `ROOT, the host's own (${compared})` };
  return { check: CHECK, status: "warn", message: `not ROOT (${compared}): ${why}` };
}

function nameOf(inode: number | "gone" | "refused"): string {
  if (typeof inode === "number") return `inode ${inode}`;
  return inode === "gone" ? "not to be seen" : "hidden";
}
