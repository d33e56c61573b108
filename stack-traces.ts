// The SDK takes a stack trace for every property of every resource, and its runner maps each one's positions through
// source maps. Node strips the types of this program in place, so there is nothing to map; mapping took a quarter of
// a preview's time.
Error.prepareStackTrace = undefined as never;
