import { describe, expect, test } from "vitest";
import { diagnosisOf, spread, windowOf } from "../support/windows.ts";

describe("what is usual on the host", () => {
  const usual = (perMinute: number) => new Map([["TcpEstabResets", { perMinute, dispersion: 0.1 }]]);
  const window = windowOf(spread({ accepted: 600, resets: 600 }));

  test("clients that reset each connection, as they always do, are no finding", () => {
    expect(diagnosisOf(window, { usual: usual(600) })).toBeNull();
    expect(diagnosisOf(window, { usual: usual(10) })?.cause).toBe("CLIENT_ABORTS");
  });

  test("a flood under which fewer connect is worse than one that is held", () => {
    const flood = windowOf(
      spread({ accepted: 300, queueFullCookies: 9_000, cookiesSent: 9_000, cookiesReceived: 300 }),
    );
    const opens = (perMinute: number) => ({
      usual: new Map([["TcpPassiveOpens", { perMinute, dispersion: 0.01 }]]),
    });
    expect(diagnosisOf(flood, opens(300))).toMatchObject({ cause: "SYN_FLOOD", severity: "INFO" });
    expect(diagnosisOf(flood, opens(1_200))).toMatchObject({ cause: "SYN_FLOOD", severity: "MAJOR" });
  });
});
