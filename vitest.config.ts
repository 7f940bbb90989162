import { defineConfig } from "vitest/config";

// What Node itself takes for "graphql": with Vite's own choice, its ES modules, there would be two of it.
const resolve = { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] };
const shared = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    // One project after another: what the last ones measure and provoke wants the machine to be quiet.
    projects: [
      // Pure code: no database, no process; seconds.
      {
        resolve,
        test: { ...shared, name: "unit", include: ["test/unit/**/*.test.ts"], sequence: { groupOrder: 1 } },
      },
      // Code against a real Postgres: every test has its own clone of a migrated template.
      {
        resolve,
        test: {
          ...shared,
          testTimeout: 180_000,
          name: "db",
          include: ["test/db/**/*.test.ts"],
          globalSetup: ["test/support/postgres-server.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      // Real processes, as a user runs them: service, agent, Postgres, Redis, the kernel. They wait for one another most
      // of the time, so that more of them than there are cores take a third of the time and leave cores idle still.
      {
        resolve,
        test: {
          ...shared,
          testTimeout: 180_000,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/postgres-server.ts"],
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
