import { defineConfig } from "vitest/config"

const node = { environment: "node" as const }
/** What they say is how soon something ends: nothing else is to run beside them. */
const TIMED = ["test/e2e/exec*.test.ts", "test/e2e/guard-*.test.ts"]
/** Percent. What no test can reach is taken out rather than excepted. */
const WHOLE = { statements: 100, branches: 100, functions: 100, lines: 100 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...node,
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/conformance/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      { test: { ...node, name: "property", include: ["test/property/**/*.test.ts"], testTimeout: 120_000 } },
      // One embedded Postgres for all; each file clones a migrated template. Two files at a time: they wait for commits.
      {
        test: {
          ...node,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/postgres-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...node,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: TIMED,
          testTimeout: 240_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...node,
          name: "e2e-timed",
          include: TIMED,
          testTimeout: 240_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
    // The pure part. What unit and property tests alone cover of it may not fall: `npx vitest run --coverage --project
    // unit --project property` fails below these, and CI runs that.
    coverage: {
      provider: "v8",
      include: ["src/formats/**", "src/verify/**", "src/token/**", "src/ledger/**", "src/cel/**", "src/policy/**"],
      reporter: [["text", { skipFull: true }]],
      thresholds: {
        "src/formats/**": WHOLE,
        "src/verify/**": WHOLE,
        "src/token/**": WHOLE,
        "src/ledger/**": WHOLE,
        "src/cel/**": { statements: 97, branches: 95, functions: 98, lines: 98 },
        "src/policy/**": { statements: 97, branches: 90, functions: 97, lines: 98 },
      },
    },
  },
})
