import { defineConfig } from "vitest/config";

/** The tests that take an hour: `npm run test:long`. `npm test` has what they are longer forms of. */
export default defineConfig({
  test: {
    name: "long",
    include: ["tests/long/**/*.test.ts", "tests/outside/long/**/*.test.ts"],
    globalSetup: "tests/integration/setup.ts",
    testTimeout: 600_000,
    hookTimeout: 900_000,
    fileParallelism: false,
    reporters: ["verbose"],
  },
});
