import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What the two ends of a rehearsal's network ask of each other, over unix sockets: the first line of a connection is a
 * verb with an address (`connect 5000 127.0.0.1`) or alone (`status`); what follows is the verb's.
 */
export type Handlers = Readonly<Record<string, (socket: Socket, at: Address) => void>>;

/** A port, in either network, of an address of its loopback. */
export interface Address {
  readonly port: number;
  readonly host: string;
}

/** The address of a loopback that everybody uses. */
export const LOOPBACK = "127.0.0.1";

/** Longer than any request, and than any client takes to send one. */
const LINE_BYTES = 64;
const LINE_MS = 5000;

/** Answers requests at a unix socket that only this user may ask. One that a killed process has left is replaced. */
export function serveRequests(path: string, handlers: Handlers): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on("error", () => {}); // Whoever asks may go at any moment.
    const [verb = "", port, host = LOOPBACK] = (await readLine(socket))?.split(" ") ?? [];
    const handle = Object.hasOwn(handlers, verb) ? handlers[verb] : undefined;
    if (handle === undefined) socket.destroy();
    else handle(socket, { port: Number(port), host });
  });
  return new Promise((resolve, reject) => {
    // Afterwards it is a connection that could not be taken; the next one may be.
    server.on("error", reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(server);
    });
  });
}

/** Asks at a unix socket. The connection fails as any does: by its events. */
export function request(path: string, line: string): Socket {
  const socket = connect({ path, allowHalfOpen: true });
  socket.write(`${line}\n`);
  return socket;
}

/** The first line, with what came after it given back to the socket; undefined where none comes. */
export function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0);
    const settle = (line: string | undefined) => {
      clearTimeout(patience);
      socket.off("readable", look).off("close", none).off("end", none);
      resolve(line);
    };
    const none = () => settle(undefined);
    const look = () => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        read = Buffer.concat([read, chunk]);
        const end = read.indexOf("\n");
        if (end < 0 && read.length <= LINE_BYTES) continue;
        if (end >= 0 && end + 1 < read.length) socket.unshift(read.subarray(end + 1));
        settle(end < 0 ? undefined : read.toString("latin1", 0, end));
        return;
      }
    };
    const patience = setTimeout(none, LINE_MS);
    socket.on("readable", look).on("close", none).on("end", none);
  });
}
