import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Tools } from "../../rehearsal/tools.ts";
import { run } from "./command.ts";

/**
 * A network namespace that stands for a machine whose user has an engine: a `docker0` with a container at it, which
 * serves a page, and an engine's firewall rules. `ip` and iptables need not be installed.
 */
export class FakeMachine {
  /** Address of the user's container. */
  static readonly container = "172.17.0.2";
  readonly #tools: Tools;
  readonly #machine: ChildProcess;
  readonly #container: ChildProcess;

  private constructor(tools: Tools, machine: ChildProcess, container: ChildProcess) {
    this.#tools = tools;
    this.#machine = machine;
    this.#container = container;
  }

  static async make(tools: Tools, page: string): Promise<FakeMachine> {
    const { busybox } = tools;
    // Each ends with the pipe to its standard input, so with this process.
    const hold = (...argv: string[]) =>
      spawn("unshare", ["--net", "--", ...argv], { stdio: ["pipe", "ignore", "ignore"] });
    const serve = '"$0" httpd -f -p 80 -h "$1" & cat; kill $!';
    const machine = new FakeMachine(tools, hold("cat"), hold("sh", "-c", serve, busybox, page));
    const container = machine.#container.pid;
    await machine.#settled();
    // IPv6 gives its addresses their last form only seconds later.
    await machine.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6 || true"]);
    for (const command of [
      "ip link set lo up",
      "ip link add name docker0 type bridge",
      "ip addr add 172.17.0.1/16 dev docker0",
      "ip link set docker0 up",
      // busybox names no peer: the kernel calls it veth0.
      "ip link add name uplink type veth",
      `ip link set veth0 netns ${container}`,
      "brctl addif docker0 uplink",
      "ip link set uplink up",
    ])
      await machine.run([busybox, ...command.split(" ")]);
    const inside = (argv: readonly string[]) => run(enter(container, argv));
    for (const command of [
      "ip link set lo up",
      `ip addr add ${FakeMachine.container}/16 dev veth0`,
      "ip link set veth0 up",
    ])
      await inside([busybox, ...command.split(" ")]);
    for (const rule of [
      "-P FORWARD DROP",
      "-N DOCKER",
      "-A FORWARD -o docker0 -j DOCKER",
      "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT",
      "-t nat -N DOCKER",
      "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
      "-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
      "-t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
    ])
      await machine.#iptables(rule);
    return machine;
  }

  /** A command that runs another in this network. */
  command(argv: readonly string[]): [string, ...string[]] {
    return enter(this.#machine.pid, argv);
  }

  /** Runs a program in this network to its end. */
  run(argv: readonly string[], env = process.env): Promise<string> {
    return run(this.command(argv), { env });
  }

  #iptables(rule: string): Promise<string> {
    return this.run([this.#tools.iptables, ...rule.split(" ")], this.#tools.env);
  }

  /** What the user's container serves, read with little: a static busybox's wget crashes over names. */
  async page(): Promise<string> {
    const command = this.command([this.#tools.busybox, "nc", "-w", "2", FakeMachine.container, "80"]);
    const answer = await run(command, { input: "GET / HTTP/1.0\r\n\r\n" });
    return answer.split("\r\n\r\n")[1] ?? "";
  }

  /**
   * What of a machine an engine changes: links, addresses, routes, firewall, settings, modules, folders, and mounts, of
   * which those of `folder` count.
   */
  async look(folder: string): Promise<Readonly<Record<string, unknown>>> {
    const busy = (command: string) => this.run([this.#tools.busybox, ...command.split(" ")]);
    return {
      links: await busy("ip link"),
      addresses: await busy("ip addr"),
      routes: await busy("ip route show table all"),
      firewall: [await this.#iptables("-t filter -S"), await this.#iptables("-t nat -S")],
      forwarding: await busy("cat /proc/sys/net/ipv4/ip_forward"),
      bridges: await busy("find /proc/sys/net/bridge -type f -exec cat {} ;").catch(() => "none"),
      modules: existsSync("/proc/modules") ? moduleNames() : [],
      mounts: readFileSync("/proc/self/mounts", "utf8")
        .split("\n")
        .filter((line) => line.includes(folder)),
      folders: ["/etc/docker", "/opt/containerd", "/run/docker", "/run/containerd", "/run/xtables.lock"].map(
        (path) => existsSync(path),
      ),
    };
  }

  end(): void {
    for (const { stdin } of [this.#container, this.#machine]) stdin?.end();
  }

  /** Both have left this process's network. */
  async #settled(): Promise<void> {
    for (const { pid } of [this.#machine, this.#container])
      await run(["sh", "-c", `while [ /proc/${pid}/ns/net -ef /proc/self/ns/net ]; do sleep 0.02; done`]);
  }
}

function enter(pid: number | undefined, argv: readonly string[]): [string, ...string[]] {
  return ["nsenter", `--net=/proc/${pid}/ns/net`, "--", ...argv];
}

function moduleNames(): readonly string[] {
  return readFileSync("/proc/modules", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .sort();
}
