import { once } from "node:events";
import { statSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join as path } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { join } from "../../../rehearsal/relay.ts";
import { OpenPorts } from "../../../rehearsal/relay-ports.ts";
import { readLine, request, serveRequests } from "../../../rehearsal/relay-requests.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const host = "127.0.0.1";
let folder: string;
let servers: Server[] = [];
const sockets = new Set<Socket>();

beforeEach(() => {
  folder = temporaryFolder("relay-");
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  sockets.clear();
  servers = [];
});

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on("error", () => {}));
    serve(socket);
  });
  servers.push(server);
  await once(server.listen(0, host), "listening");
  return (server.address() as AddressInfo).port;
}

function dial(port: number): Socket {
  const socket = connect({ host, port, allowHalfOpen: true });
  sockets.add(socket.on("error", () => {}));
  return socket;
}

/** A relay as a rehearsal's: over a unix socket to the port that the request names. */
async function relayTo(port: number): Promise<number> {
  const end = path(folder, "end.sock");
  servers.push(await serveRequests(end, { connect: (socket, { port: to }) => join(socket, dial(to)) }));
  return listen((socket) => join(socket, request(end, `connect ${port}`)));
}

describe("two connections that are joined", () => {
  test("carry an answer that begins when the question has ended", async () => {
    const port = await relayTo(
      await listen(async (socket) => socket.end((await text(socket)).toUpperCase())),
    );
    const client = dial(port);
    client.end("question");
    expect(await text(client)).toBe("QUESTION");
  });

  test("carry megabytes of many at once, each its own, and nothing is lost at an end", async () => {
    const port = await relayTo(await listen((socket) => socket.pipe(socket)));
    const contents = Array.from({ length: 60 }, (_, index) => `${index},`.repeat(40_000));
    const answers = contents.map(async (content) => {
      const client = dial(port);
      client.end(content);
      return (await text(client)) === content;
    });
    expect(await Promise.all(answers)).not.toContain(false);
  });

  test("wait for a reader that is slow, and keep little meanwhile", async () => {
    const total = 64_000_000;
    let sent = 0;
    const port = await relayTo(
      await listen(async (socket) => {
        for (const chunk = Buffer.alloc(1_000_000); sent < total; sent += chunk.length)
          if (!socket.write(chunk)) await once(socket, "drain");
        socket.end();
      }),
    );
    const client = dial(port);
    await once(client, "connect");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // The kernel's buffers on the way hold some megabytes.
    expect(sent).toBeLessThan(total / 2);
    let read = 0;
    for await (const chunk of client) read += chunk.length;
    expect(read).toBe(total);
  });

  // Over a unix socket a cut looks as an end does: as with a killed program's TCP, who writes on is told.
  test.each(["whoever asks", "whoever answers"])("end together when %s is cut off", async (who) => {
    const untilClosed = async (socket: Socket) => {
      while (!socket.closed) {
        socket.write("and more");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    let answer: (socket: Socket) => void = () => {};
    const answered = new Promise<Socket>((resolve) => {
      answer = resolve;
    });
    const client = dial(await relayTo(await listen((socket) => answer(socket))));
    const served = await answered;
    const [cut, other] = who === "whoever asks" ? [client, served] : [served, client];
    other.resume();
    cut.destroy();
    await untilClosed(other);
  });

  test("end at once where nobody listens", async () => {
    const gone = await listen(() => {});
    await once(servers.pop()?.close() as Server, "close");
    const client = dial(await relayTo(gone));
    expect(await text(client)).toBe("");
  });
});

describe("a request", () => {
  test("has its line read apart from what follows, however they arrive", async () => {
    const end = path(folder, "end.sock");
    const seen: string[] = [];
    servers.push(
      await serveRequests(end, {
        tell: async (socket, { port }) => {
          seen.push(`${port} ${await text(socket)}`);
          socket.end("done\n");
        },
      }),
    );
    const whole = request(end, "tell 7");
    whole.end("the rest");
    expect(await readLine(whole)).toBe("done");
    const pieces = connect({ path: end, allowHalfOpen: true });
    for (const piece of ["te", "ll", " 8", "\nth", "e rest"]) {
      pieces.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    pieces.end();
    expect(await readLine(pieces)).toBe("done");
    expect(seen).toEqual(["7 the rest", "8 the rest"]);
  });

  test.each(["unknown 1", "constructor 1", "x".repeat(1000)])(
    "that is none is not answered: %s",
    async (line) => {
      const end = path(folder, "end.sock");
      servers.push(await serveRequests(end, { ping: (socket) => socket.end("ok\n") }));
      expect(await readLine(request(end, line).on("error", () => {}))).toBeUndefined();
      expect(await readLine(request(end, "ping"))).toBe("ok");
    },
  );

  test("is asked at a socket of this user's, which takes the place of a killed one's", async () => {
    const end = path(folder, "end.sock");
    servers.push(await serveRequests(end, {}));
    servers.push(await serveRequests(end, { ping: (socket) => socket.end("ok\n") }));
    expect(statSync(end).mode & 0o777).toBe(0o600);
    expect(await readLine(request(end, "ping"))).toBe("ok");
  });
});

describe("ports", () => {
  const greeted = async (port: number) => {
    const client = dial(port);
    return (await text(client).catch(() => "")) || undefined;
  };

  test("are open as long as they are wanted", async () => {
    const one = await listen(() => {});
    await once(servers.pop()?.close() as Server, "close");
    const ports = new OpenPorts(host, (socket, port) => socket.end(`this is ${port}`));
    ports.want([one]);
    await expect.poll(() => ports.status).toEqual({ open: [one], taken: [] });
    expect(await greeted(one)).toBe(`this is ${one}`);
    ports.want([one]);
    expect(ports.status.open).toEqual([one]);
    ports.want([]);
    expect(ports.status).toEqual({ open: [], taken: [] });
    expect(await greeted(one)).toBeUndefined();
  });

  test("that another has are left to it, told, and taken when it has gone", async () => {
    const one = await listen((socket) => socket.end("the other's"));
    const ports = new OpenPorts(host, (socket) => socket.end("ours"));
    ports.want([one]);
    await expect.poll(() => ports.status).toEqual({ open: [], taken: [one] });
    expect(await greeted(one)).toBe("the other's");
    servers.pop()?.close();
    await expect.poll(() => ports.status, { timeout: 5000 }).toEqual({ open: [one], taken: [] });
    expect(await greeted(one)).toBe("ours");
    ports.want([]);
  });
});
