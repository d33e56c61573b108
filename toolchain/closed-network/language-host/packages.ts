/** Finds, below a program's own node_modules, the packages that bring a Pulumi plugin along. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A plugin that a program needs. `server` is empty for the official download place. */
export interface RequiredPackage {
  readonly name: string;
  readonly version: string;
  readonly server: string;
}

interface PackageJson {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

/**
 * The plugins of the program's dependencies. Only packages that depend on the Pulumi SDK can have one, so the
 * search follows these alone and reads some ten files, not the thousands of a whole node_modules.
 */
export function requiredPackages(programDirectory: string): RequiredPackage[] {
  const found: RequiredPackage[] = [];
  const seen = new Set<string>();
  const visit = (folder: string, manifest: PackageJson, isProgram: boolean) => {
    const names = {
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    };
    for (const name of Object.keys(isProgram ? { ...names, ...manifest.devDependencies } : names)) {
      const dependency = findPackage(folder, name);
      if (!dependency || seen.has(dependency.folder)) continue;
      seen.add(dependency.folder);
      const { pulumi, version } = dependency.manifest;
      if (pulumi?.resource) {
        found.push({
          name: pulumi.name ?? name.replace(/^@pulumi\//, ""),
          version: pulumi.version ?? version ?? "",
          server: pulumi.server ?? "",
        });
      }
      if (pulumi || usesSdk(dependency.manifest)) visit(dependency.folder, dependency.manifest, false);
    }
  };
  const manifest = readManifest(programDirectory);
  if (manifest) visit(programDirectory, manifest, true);
  return found;
}

/** The program's direct dependencies with the versions that are installed. */
export function programDependencies(programDirectory: string): { name: string; version: string }[] {
  const manifest = readManifest(programDirectory);
  return Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies }).flatMap((name) => {
    const version = findPackage(programDirectory, name)?.manifest.version;
    return version ? [{ name, version }] : [];
  });
}

function usesSdk(manifest: PackageJson): boolean {
  return "@pulumi/pulumi" in { ...manifest.dependencies, ...manifest.peerDependencies };
}

function findPackage(from: string, name: string): { folder: string; manifest: PackageJson } | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    const manifest = readManifest(folder);
    if (manifest) return { folder, manifest };
    if (dirname(at) === at) return undefined;
  }
}

function readManifest(folder: string): PackageJson | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}
