import { expect, test } from "vitest";
import { firstAnswer } from "../../../cli/registries.ts";
import type { Registry } from "../../../provision/registry/client.ts";
import { RegistryError } from "../../../provision/registry/error.ts";

const retry = { advice: "try again" };

test("the second registry is asked where the first has no image, and tells every reason at the end", async () => {
  const reachable = ["one", "two"].map((host) => ({ host }) as Registry);
  const registries = { reachable, unreachable: [new RegistryError("three cannot be reached", retry)] };
  const has = (wanted: string) => async (registry: Registry) => {
    if (registry.host === wanted) return registry.host;
    throw new RegistryError(`${registry.host} has no such image`, retry, { status: 404 });
  };
  expect(await firstAnswer(registries, has("two"))).toBe("two");
  await expect(firstAnswer(registries, has("none"))).rejects.toThrow(
    /^one has no such image; two has no such image; three cannot be reached\nFix: try again$/,
  );
});

test("a failure that can pass is asked again; one of Docker's configuration ends it all", async () => {
  const registries = { reachable: [{ host: "one" } as Registry], unreachable: [] };
  let asked = 0;
  const passes = async () => {
    asked += 1;
    if (asked === 1) throw new RegistryError("one fails", retry, { status: 503 });
    return asked;
  };
  expect(await firstAnswer(registries, passes)).toBe(2);
  await expect(
    firstAnswer(registries, async () => {
      throw new Error("the helper is missing");
    }),
  ).rejects.toThrow(/^the helper is missing$/);
});
