import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      // A test takes milliseconds; on a machine that others keep busy it may wait for its turn.
      { test: { name: "unit", include: ["tests/unit/**/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          globalSetup: "tests/integration/setup.ts",
          testTimeout: 180_000,
          hookTimeout: 900_000,
          // One engine and two cores: the files take turns.
          fileParallelism: false,
        },
      },
    ],
  },
});
