/** How large each part is: to see that it works, in a few minutes, and as docs/performance.md has it. */
export const SIZES = {
  tiny: {
    ingest: { hosts: 26, rounds: 1, steps: 3, prometheus: false },
  },
  quick: {
    ingest: { hosts: 260, rounds: 3, steps: 30, prometheus: false },
  },
  full: {
    ingest: { hosts: 260, rounds: 6, steps: 60, prometheus: true },
  },
} as const;
