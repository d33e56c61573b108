import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { socketOf } from "./relay-client.ts";
import { LOOPBACK, readLine, request } from "./relay-requests.ts";

/** A port of the machine's that a rehearsal reaches. */
export interface Forward {
  /** Ends it for new connections. */
  close(): void;
}

/**
 * Has the engine of the rehearsal in `dir`, and what else is in its network, reach what listens at a port of this machine's
 * loopback, at the same address, until `close` or the end of this process.
 *
 * @param host an address of the loopback. Default: 127.0.0.1.
 * @throws Error when the rehearsal does not run, or something in its network has the port.
 */
export async function forward(dir: string, port: number, host = LOOPBACK): Promise<Forward> {
  const held = request(socketOf(dir, "inside"), `forward ${port} ${host}`);
  let fault = "it does not run";
  held.on("error", (error) => {
    fault = error.message;
  });
  const said = await readLine(held);
  if (said === "ok") {
    // What holds it open must not hold this process.
    held.resume().unref();
    return { close: () => held.destroy() };
  }
  held.destroy();
  throw new Problem(
    `the rehearsal in ${dir} cannot reach ${host}:${port} of this machine: ${said ?? fault}`,
    {
      ...machine("rehearsal", "start", dir),
      when: "if it is not running",
    },
  );
}
