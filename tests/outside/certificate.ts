import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOnPath } from "../../lib/find-program.ts";
import { run } from "../integration/command.ts";

/** What a server shows, and whom its clients have to trust for it. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly authority: Buffer;
}

/** Makes a certificate of these names by an authority of its own. Debian has openssl wherever it has certificates. */
export async function makeCertificate(folder: string, names: readonly string[]): Promise<Certificate> {
  if (findOnPath("openssl") === undefined)
    throw new Error(
      "openssl makes the certificates of the outside world, and is not on PATH: install openssl",
    );
  const file = (name: string) => join(folder, name);
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
  const openssl = (...args: readonly string[]) => run(["openssl", ...args]);
  await openssl(
    ...["req", "-x509", ...fresh, "-days", "2", "-subj", "/CN=The outside world's authority"],
    ...["-keyout", file("authority.key"), "-out", file("authority.pem")],
    ...extensions.flatMap((extension) => ["-addext", extension]),
  );
  await openssl(
    ...["req", ...fresh, "-subj", "/CN=outside", "-keyout", file("site.key"), "-out", file("site.csr")],
  );
  writeFileSync(file("site.ext"), `subjectAltName=${names.map((name) => `DNS:${name}`).join()}\n`);
  await openssl(
    ...[
      "x509",
      "-req",
      "-days",
      "2",
      "-in",
      file("site.csr"),
      "-extfile",
      file("site.ext"),
      "-CAcreateserial",
    ],
    ...["-CA", file("authority.pem"), "-CAkey", file("authority.key"), "-out", file("site.pem")],
  );
  const [key, cert, authority] = ["site.key", "site.pem", "authority.pem"].map((name) =>
    readFileSync(file(name)),
  );
  return { key, cert, authority } as Certificate;
}
