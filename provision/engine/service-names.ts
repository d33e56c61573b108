/** Name of the container that CooperBench itself starts Redis in. */
export const redisContainer = "cooperbench-redis";

/** What CooperBench calls its git server's container, network, volume and image. */
export const gitNames = {
  container: "cooperbench-git",
  network: "cooperbench",
  volume: "cooperbench-git-data",
  image: "cooperbench-git-server:local",
} as const;
