import { defineConfig } from "vitest/config";

const shared = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      // Pure code: no database, no process; seconds.
      { test: { ...shared, name: "unit", include: ["test/unit/**/*.test.ts"] } },
      // Code against a real Postgres: every test has its own clone of a migrated template.
      {
        test: {
          ...shared,
          name: "db",
          include: ["test/db/**/*.test.ts"],
          globalSetup: ["test/support/postgres-server.ts"],
          maxWorkers: 2,
        },
      },
      // Real processes, as a user runs them: service, agent, Postgres, Redis, the kernel.
      {
        test: {
          ...shared,
          testTimeout: 180_000,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/postgres-server.ts"],
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
