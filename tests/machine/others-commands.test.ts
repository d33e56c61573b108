/** The commands of others that remedies name: each program is one that Linux machines have, and has that command. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const projectDir = resolve(import.meta.dirname, "../..");

/** Where a program comes from that a machine may lack: a Debian package, or what it is part of. */
const packages: Readonly<Record<string, string>> = {
  docker: "docker.io, or docker-ce-cli",
  sudo: "sudo",
  ssh: "openssh-client",
  "ssh-add": "openssh-client",
  "ssh-copy-id": "openssh-client",
  "ssh-keygen": "openssh-client",
  ss: "iproute2",
  timedatectl: "systemd",
  "apt-get": "apt",
};

/** Programs whose first argument is a command of theirs, as their help knows it. */
const withCommands = ["docker", "git", "npm", "timedatectl"];

/** Remedies' commands in the source, where the program is spelled out: all words that are. */
function commandsInSource(): readonly (readonly string[])[] {
  const files = execFileSync("git", ["ls-files", "*.ts"], { cwd: projectDir, encoding: "utf8" }).split("\n");
  const ours = files.filter((file) => file !== "" && !/^(tests|bench|docs)\//.test(file));
  return ours.flatMap((file) => {
    const text = readFileSync(join(projectDir, file), "utf8");
    return [...text.matchAll(/\bcommand: \[\s*(?:\.\.\.\[)?(?!"sudo", [^"])("[^\]]*)\]/g)].map(
      ([, words = ""]) => [...words.matchAll(/"([^"]*)"/g)].map(([, word = ""]) => word),
    );
  });
}

const isHere = (program: string) =>
  spawnSync("bash", ["-c", 'type -t -- "$1"', "-", program], { encoding: "utf8" }).stdout.trim();

const others = commandsInSource()
  // What stands before the program: variables for it alone, and sudo.
  .map((words) => words.slice(words.findIndex((word) => word !== "sudo" && !/^[A-Z_]+=/.test(word))))
  .filter(([program]) => program !== undefined && program !== "./machine");

test("there are such commands", () => expect(others.length).toBeGreaterThan(30));

test.each([...new Set(others.map(([program = ""]) => program))])(
  "%s is a program, or the shell's own",
  (program) => {
    const kind = isHere(program);
    if (kind === "" && packages[program] !== undefined) return;
    expect(kind, `${program} is neither here nor in a package that is known`).toMatch(/^(file|builtin)$/);
  },
);

test.each(
  withCommands.flatMap((program) => {
    const commands = others
      .filter(([first]) => first === program)
      // git's -C is for a folder that is not spelled out.
      .map((words) => words.slice(1).filter((word) => !word.startsWith("-"))[0]);
    return [...new Set(commands)].flatMap((command) => (command === undefined ? [] : [{ program, command }]));
  }),
)("$program has the command $command", ({ program, command }) => {
  if (isHere(program) === "") return;
  const all = spawnSync(
    program,
    program === "git" ? ["help", "-a"] : program === "npm" ? ["help"] : ["--help"],
    {
      encoding: "utf8",
      env: { ...process.env, PAGER: "cat", GIT_PAGER: "cat" },
    },
  );
  expect(all.stdout).toMatch(new RegExp(`(^|[\\s,])${command}([\\s,*]|$)`, "m"));
});
