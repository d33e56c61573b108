import { defineConfig } from "vitest/config";

// A test takes milliseconds, or what the programs that it starts take; on a machine that others keep busy it may wait
// for its turn.
const patience = 30_000;

/** The projects take turns, the quick ones first, with a file for each of two processors. */
const turn = (groupOrder: number) => ({ sequence: { groupOrder }, maxWorkers: 2 });

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          ...turn(0),
          include: ["tests/unit/**/*.test.ts"],
          setupFiles: "tests/no-programs.ts",
          // Loading the modules, Pulumi's SDK above all, anew for each file took most of the time.
          isolate: false,
          unstubEnvs: true,
          testTimeout: patience,
        },
      },
      // Real git, uv, Python, processes and sockets, or seconds of computing; no rehearsal.
      {
        test: {
          name: "machine",
          ...turn(1),
          include: ["tests/machine/**/*.test.ts"],
          testTimeout: 2 * patience,
          hookTimeout: 2 * patience,
        },
      },
      {
        test: {
          name: "integration",
          ...turn(2),
          include: ["tests/integration/**/*.test.ts", "tests/outside/*.test.ts"],
          globalSetup: "tests/integration/setup.ts",
          testTimeout: 180_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
