/**
 * The outer end of a rehearsal's network: `node relay-outside.ts INSIDE OUTSIDE`, the unix sockets of both ends. It
 * listens on the machine's 127.0.0.1 at each port that listens inside, as long as that does, and ends with the inner end.
 */

import { connect } from "node:net";
import { createInterface } from "node:readline";
import { join } from "./relay.ts";
import { OpenPorts } from "./relay-ports.ts";
import { LOOPBACK, request, serveRequests } from "./relay-requests.ts";

const [inside = "", outside = ""] = process.argv.slice(2);

const ports = new OpenPorts(LOOPBACK, (socket, port) => join(socket, request(inside, `connect ${port}`)));

await serveRequests(outside, {
  connect: (socket, at) => join(socket, connect({ ...at, allowHalfOpen: true })),
  status: (socket) => socket.end(`${JSON.stringify(ports.status)}\n`),
});

const feed = request(inside, "listeners");
feed.on("error", (error) => console.error(`the inner end is gone: ${error.message}`));
feed.on("close", () => process.exit());
feed.on("end", () => feed.end());
createInterface({ input: feed }).on("line", (line) =>
  ports.want(
    line
      .split(" ")
      .filter((port) => port !== "")
      .map(Number),
  ),
);
