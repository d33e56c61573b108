/**
 * Costs that the Pulumi SDK has for each resource and that nobody here has a use for, together half of this program's
 * time in a preview.
 */
import { createRequire } from "node:module";

// It takes a stack trace for every property of every resource, and its runner maps each one's positions through
// source maps. Node strips the types of this program in place, so there is nothing to map; and the place of an error
// and its caller tell enough.
Error.prepareStackTrace = undefined as never;
Error.stackTraceLimit = 2;

// It sends its own debug messages, ten a resource, to the engine one after the other, each waiting for the last to
// arrive. The engine throws them away unless `pulumi --debug` asks for them.
const log = createRequire(import.meta.url)("@pulumi/pulumi/log") as typeof import("@pulumi/pulumi").log;

/** Says something to the engine that `pulumi --debug` shows, and its events have: for what this program says itself. */
export const debug = log.debug;
log.debug = () => Promise.resolve();
