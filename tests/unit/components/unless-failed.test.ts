import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { step } from "../../../components/step.ts";
import { unlessFailed } from "../../../components/unless-failed.ts";
import { lab1 } from "../../owners.ts";
import { recordResources, settle } from "../../recording-mocks.ts";

beforeEach(async () => {
  await recordResources();
});

interface Parts {
  allResources(): Promise<ReadonlySet<pulumi.Resource>>;
}
const resourcesOf = (output: pulumi.Output<unknown>) => (output as unknown as Parts).allResources();

describe("an output of what may fail", () => {
  test("stays a secret", async () => {
    expect(await settle(unlessFailed(pulumi.secret("s")))).toEqual({ value: "s", secret: true });
    expect(await settle(unlessFailed(pulumi.output("s")))).toEqual({ value: "s", secret: false });
  });

  test("keeps the resources that it comes from, so that what uses it waits for them", async () => {
    const request = { folder: "/c", subset: "lite" as const, tasks: [] };
    const { command, result } = step("a", "verification", { owner: lab1, request }, {});
    const version = unlessFailed(result.apply(({ version }) => version));
    expect((await settle(version)).value).toBe("0.0.0");
    expect([...(await resourcesOf(version))]).toContain(command);
  });

  test("is undefined, of no resource and no secret, where that has failed", async () => {
    const failed = pulumi.output(Promise.reject<string>(new Error("failed")));
    expect(await settle(unlessFailed(failed))).toEqual({ value: undefined, secret: false });
    expect([...(await resourcesOf(unlessFailed(failed)))]).toEqual([]);
  });
});
