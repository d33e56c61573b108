import { defineConfig } from "vitest/config";

const setup = "tests/integration/setup.ts";

/** The tests that take an hour: `npm run test:long`. `npm test` has what they are longer forms of. */
export default defineConfig({
  test: {
    reporters: ["verbose"],
    projects: [
      {
        test: {
          name: "long",
          include: ["tests/long/**/*.test.ts", "tests/outside/long/**/*.test.ts"],
          globalSetup: setup,
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      // All that npm test tries on Debian's engine, on a modern one, with containerd's image store.
      {
        test: {
          name: "modern",
          include: ["tests/integration/**/*.test.ts"],
          // Its state and containers of an old version name images by ids that containerd's store does not have.
          exclude: ["tests/integration/upgrade-before.test.ts"],
          env: { COOPERBENCH_REHEARSAL_ENGINE: "modern" },
          globalSetup: setup,
          // Each look lists images, which takes this store up to a second.
          testTimeout: 360_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
