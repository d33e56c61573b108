/**
 * The inner end of a rehearsal's network, and the process that holds it: `node relay-inside.ts INSIDE OUTSIDE MARK`,
 * the unix sockets of both ends and the mark of the folder. It connects to what listens inside, listens inside for what
 * listens on the machine, and tells the outer end which ports there are.
 */
import { existsSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "./relay.ts";
import { watchListeners } from "./relay-listeners.ts";
import { type Address, LOOPBACK, request, serveRequests } from "./relay-requests.ts";

const [inside = "", outside = "", mark = ""] = process.argv.slice(2);

/** Ports that listen here for the machine's: the outer end must not listen for them in turn. */
const forwarded = new Set<number>();

/** Listens here for an address of the machine's, as long as whoever asks for it stays connected. */
function forward(asker: Socket, { port, host }: Address): void {
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    join(socket, request(outside, `connect ${port} ${host}`)),
  );
  server.on("error", (error) => asker.end(`${error.message}\n`));
  server.listen(port, host, () => {
    // No other address is opened on the machine for what listens here.
    if (host === LOOPBACK) forwarded.add(port);
    asker.write("ok\n");
  });
  asker
    .on("end", () => asker.end())
    .on("close", () => {
      // One that never listened has another's port.
      if (server.listening && host === LOOPBACK) forwarded.delete(port);
      server.close();
    });
  asker.resume();
}

/** Tells the ports that listen here, a line for each change, the machine's own left out. */
function listeners(asker: Socket): void {
  const stop = watchListeners((ports) => {
    asker.write(`${[...ports].filter((port) => !forwarded.has(port)).join(" ")}\n`);
  });
  asker.on("end", () => asker.end()).on("close", stop);
  asker.resume();
}

await serveRequests(inside, {
  connect: (socket, at) => join(socket, connect({ ...at, allowHalfOpen: true })),
  forward,
  listeners,
  ping: (socket) => socket.end("ok\n"),
});

// A folder that was removed by hand has no rehearsal any more.
setInterval(() => {
  if (!existsSync(mark)) process.exit();
}, 2000);
