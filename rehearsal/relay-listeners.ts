import { readFileSync } from "node:fs";

/** State of a socket that listens, in /proc/net/tcp. */
const LISTEN = "0A";

/** 127.0.0.1 and every address, as /proc/net/tcp and tcp6 write them: groups of four bytes in the machine's order. */
const REACHED = /^(0100007F|0{8}|0{32}|0000000000000000FFFF0000(0100007F|0{8})):([0-9A-F]{4})$/;

/** The ports that 127.0.0.1 answers at, of tables such as /proc/net/tcp. */
export function listeningPorts(...tables: readonly string[]): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const line of tables.join("\n").split("\n")) {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const port = REACHED.exec(local)?.[3];
    if (state === LISTEN && port !== undefined) ports.add(Number.parseInt(port, 16));
  }
  return ports;
}

/** How often the counts are read, and the tables at least. */
const COUNT_MS = 100;
const TABLES_MS = 1000;

/**
 * Calls back with the ports that listen in this process's network, now and whenever they change. Nothing tells when
 * a socket begins to listen, and the tables take milliseconds to read on any machine: they are read when the number of
 * sockets, which takes none, is another, and once a second.
 *
 * @returns what ends it.
 */
export function watchListeners(changed: (ports: ReadonlySet<number>) => void): () => void {
  let counted = "";
  let known: string | undefined;
  let readAt = 0;
  const look = () => {
    const count = socketCount();
    if (count === counted && Date.now() - readAt < TABLES_MS) return;
    [counted, readAt] = [count, Date.now()];
    const ports = listeningPorts(read("tcp"), read("tcp6"));
    const now = [...ports].join();
    if (now !== known) changed(ports);
    known = now;
  };
  look();
  const timer = setInterval(look, COUNT_MS);
  return () => clearInterval(timer);
}

/** How many sockets of TCP there are in this network. */
function socketCount(): string {
  return `${/^TCP: inuse \d+/m.exec(read("sockstat"))} ${/^TCP6: inuse \d+/m.exec(read("sockstat6"))}`;
}

/** A table of this network; empty where the kernel has none, as without IPv6. */
function read(name: string): string {
  try {
    return readFileSync(`/proc/self/net/${name}`, "latin1");
  } catch {
    return "";
  }
}
