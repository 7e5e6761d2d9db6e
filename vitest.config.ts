import { defineConfig } from "vitest/config"

const node = { environment: "node" as const }

export default defineConfig({
  test: {
    projects: [
      { test: { ...node, name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { ...node, name: "property", include: ["test/property/**/*.test.ts"], testTimeout: 120_000 } },
      // One embedded Postgres for all; each file clones a migrated template. Two cores: one file at a time.
      {
        test: {
          ...node,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/postgres-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/formats/**", "src/verify/**", "src/policy/**"],
      reporter: ["text-summary"],
    },
  },
})
