/** The image that CooperBench itself starts Redis from: the default of the setting redisImage (Pulumi.yaml). */
export const defaultRedisImage = "redis:alpine";

/** The image that the Dockerfile of CooperBench's git server begins with (0.0.29). */
export const gitBaseImage = "debian:bookworm-slim";
