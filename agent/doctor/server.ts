import type { Asked } from "./ask.ts";
import type { Finding } from "./check.ts";

const CHECK = "server";

/** Whether the service can be reached, by TCP and then by HTTP. */
export function checkServer(server: URL, asked: Asked): Finding {
  if (asked.kind === "unreachable") {
    const remedy = "start the service, open the way to it, or mend --server";
    return {
      check: CHECK,
      status: "FAIL",
      message: `${server.href} cannot be connected to: ${asked.reason}; ${remedy}`,
    };
  }
  const { verdict, tookMs } = asked;
  if (verdict.kind === "answered" || verdict.kind === "unauthorized") {
    return { check: CHECK, status: "ok", message: `${server.href} answers, in ${Math.round(tookMs)} ms` };
  }
  if (verdict.kind === "unreachable") {
    return {
      check: CHECK,
      status: "FAIL",
      message: `${server.href} takes connections and does not answer: ${verdict.reason}; is http or https, the port and what is in between right?`,
    };
  }
  return {
    check: CHECK,
    status: "FAIL",
    message: `${server.href} takes no pushes: ${verdict.reason}; see the log of the service, and whether --server is a Spillway`,
  };
}
