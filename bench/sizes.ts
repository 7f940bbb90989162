/** How large each part is: to see that it works, in a few minutes, and as docs/performance.md has it. */
export const SIZES = {
  tiny: {
    ingest: { hosts: 26, rounds: 1, steps: 12, prometheus: false },
    store: { hosts: 10, hours: 0.5, rounds: 1 },
    fleet: { hosts: 300, hours: 1, burstShare: 0.05, rounds: 1 },
    lag: { hosts: [50], seconds: 12 },
    churn: { hosts: 5, namespaces: 20, lifeMs: 60_000, rounds: 1, steps: 6 },
    prometheus: { hosts: 26, rounds: 1, steps: 12 },
  },
  quick: {
    ingest: { hosts: 260, rounds: 3, steps: 30, prometheus: false },
    store: { hosts: 260, hours: 1, rounds: 3 },
    fleet: { hosts: 1_000, hours: 6, burstShare: 0.05, rounds: 3 },
    lag: { hosts: [1_000], seconds: 75 },
    churn: { hosts: 100, namespaces: 110, lifeMs: 300_000, rounds: 2, steps: 12 },
    prometheus: { hosts: 260, rounds: 3, steps: 30 },
  },
  full: {
    ingest: { hosts: 260, rounds: 6, steps: 60, prometheus: true },
    store: { hosts: 1_000, hours: 24, rounds: 5 },
    fleet: { hosts: 10_000, hours: 24, burstShare: 0.05, rounds: 5 },
    lag: { hosts: [10_000, 1_000], seconds: 100 },
    churn: { hosts: 100, namespaces: 110, lifeMs: 300_000, rounds: 4, steps: 30 },
    prometheus: { hosts: 260, rounds: 6, steps: 60 },
  },
} as const;
