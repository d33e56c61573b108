import type { Socket } from "node:net";

/**
 * Joins two connections, so that each gets what the other sends, in its pace, and learns when the other has sent
 * everything. Where one is cut off, so is the other. Both must be `allowHalfOpen`.
 */
export function join(one: Socket, other: Socket): void {
  passOn(one, other);
  passOn(other, one);
}

function passOn(from: Socket, to: Socket): void {
  // Heeds that the reader is slow, and hands on the end.
  from.pipe(to);
  from.on("error", () => {}); // Its close follows, and says all.
  // One that closes whole has handed on its end already; what the other has yet to send out must not be lost.
  from.on("close", (failed) => {
    if (failed || !from.readableEnded) to.destroy();
  });
}
