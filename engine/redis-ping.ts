import { connect } from "node:net";

/** Where a Redis is. */
export interface RedisAddress {
  /** IPv4 address. */
  readonly host: string;
  readonly port: number;
}

/** What Redis answers to a PING where it asks for no password. */
export const pong = "+PONG";

/** `host:port`, for what asks: 0.0.0.0 is every address of the machine, this one among them. */
export function addressOf({ host, port }: RedisAddress): string {
  return `${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
}

/**
 * Sends a PING to what listens at an address.
 *
 * @returns the first line of the answer, empty for a listener without one; undefined where nobody listens.
 */
export function pingRedis(address: RedisAddress, timeoutMs = 1000): Promise<string | undefined> {
  const [host = "", port] = addressOf(address).split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    let connected = false;
    let answer = "";
    const end = () => {
      socket.destroy();
      resolve(connected ? answer.split("\r\n")[0] : undefined);
    };
    socket.setTimeout(timeoutMs, end);
    socket.once("connect", () => {
      connected = true;
      socket.write("PING\r\n");
    });
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      if (answer.includes("\n") || answer.length > 200) end();
    });
    socket.once("error", end);
    socket.once("close", end);
  });
}
