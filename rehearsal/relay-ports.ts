import { createServer, type Server, type Socket } from "node:net";

/** The ports of a rehearsal on the machine's 127.0.0.1. */
export interface PortStatus {
  readonly open: readonly number[];
  /** Those that another holds: what listens in the rehearsal is not reached at them. */
  readonly taken: readonly number[];
}

/** How often a port that another holds is tried again. */
const RETRY_MS = 1000;

/** Listens at the ports that are wanted, and at no others. */
export class OpenPorts {
  readonly #host: string;
  readonly #serve: (socket: Socket, port: number) => void;
  readonly #servers = new Map<number, Server>();
  readonly #open = new Set<number>();
  readonly #taken = new Set<number>();

  constructor(host: string, serve: (socket: Socket, port: number) => void) {
    this.#host = host;
    this.#serve = serve;
    setInterval(() => {
      for (const port of this.#taken) this.#listen(port);
    }, RETRY_MS).unref();
  }

  get status(): PortStatus {
    return { open: [...this.#open], taken: [...this.#taken] };
  }

  /** Opens these and closes all others. */
  want(ports: readonly number[]): void {
    for (const [port, server] of this.#servers) {
      if (ports.includes(port)) continue;
      server.close();
      this.#servers.delete(port);
      this.#open.delete(port);
    }
    for (const port of this.#taken) if (!ports.includes(port)) this.#taken.delete(port);
    for (const port of ports) if (!this.#taken.has(port)) this.#listen(port);
  }

  #listen(port: number): void {
    if (this.#servers.has(port)) return;
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket, port));
    this.#servers.set(port, server);
    const isWanted = () => this.#servers.get(port) === server;
    server.on("error", (error) => {
      // A connection that could not be taken is no reason to give the port up.
      if (!isWanted() || server.listening) return;
      this.#servers.delete(port);
      this.#open.delete(port);
      if (!this.#taken.has(port))
        console.error(`${this.#host}:${port} is taken on this machine, and stays so: ${error.message}`);
      this.#taken.add(port);
    });
    server.listen(port, this.#host, () => {
      if (!isWanted()) return;
      this.#open.add(port);
      if (this.#taken.delete(port)) console.error(`${this.#host}:${port} is free now`);
    });
  }
}
