import { spawn } from "node:child_process";
import { join } from "node:path";
import { environmentFor } from "../../lib/environment.ts";
import { git } from "../../rehearsal/git-history.ts";
import { makeSource } from "../../rehearsal/source.ts";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import type { Site } from "./web.ts";

/**
 * github.com, its repositories in a folder, by git's own server. CooperBench's is the rehearsal's source: the release as
 * PyPI has it, its dataset that of the stand-ins; with a tag of that release, and one of an older.
 */
export async function github(folder: string): Promise<Site> {
  const owner = join(folder, "cooperbench");
  await makeSource(owner, () => {});
  const repository = join(owner, "CooperBench.git");
  const as = ["-c", "user.name=CooperBench", "-c", "user.email=cooperbench@localhost"];
  const older = await git(repository, [...as, "commit-tree", "-m", "Older", `${SOURCE_COMMIT}^{tree}`]);
  await git(repository, ["tag", "v0.0.11", older.trim()]);
  await git(repository, [...as, "tag", "-a", "-m", "0.0.29", "v0.0.29", SOURCE_COMMIT]);
  // As there: any commit can be asked for.
  await git(repository, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
  return serve(folder);
}

/** Hands requests to git http-backend, as a web server's CGI does. */
function serve(folder: string): Site {
  return (request, response, { pathname, search }) => {
    const { headers } = request;
    // Such as the releases of Pulumi's plugins: Pulumi asks for them here first, and then at get.pulumi.com.
    if (!pathname.startsWith("/cooperbench/CooperBench.git/")) {
      response.writeHead(404).end();
      return;
    }
    const child = spawn("git", ["http-backend"], {
      env: environmentFor("git", process.env, {
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method,
        REMOTE_ADDR: "203.0.113.7",
        CONTENT_TYPE: headers["content-type"],
        CONTENT_LENGTH: headers["content-length"],
        HTTP_CONTENT_ENCODING: headers["content-encoding"],
        GIT_PROTOCOL: headers["git-protocol"]?.toString(),
      }),
      stdio: ["pipe", "pipe", "ignore"],
    });
    request.pipe(child.stdin.on("error", () => {})); // git may have read enough
    let head = Buffer.alloc(0);
    const readHead = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      child.stdout.off("data", readHead).pause();
      const fields = head
        .toString("latin1", 0, end)
        .split("\r\n")
        .map((line) => line.split(": ") as [string, string]);
      const status = fields.find(([name]) => name === "Status")?.[1] ?? "200";
      const others = fields.filter(([name]) => name !== "Status");
      response.writeHead(Number.parseInt(status, 10), Object.fromEntries(others));
      response.write(head.subarray(end + 4));
      child.stdout.pipe(response);
    };
    child.stdout.on("data", readHead);
    child.stdout.on("end", () => {
      if (!response.headersSent) response.destroy();
    });
    response.on("close", () => child.stdout.destroy());
  };
}
