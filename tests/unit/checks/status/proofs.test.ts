import { expect, test } from "vitest";
import { faultOf } from "../../../../checks/status/proofs.ts";

const proof = { provedAt: "2026-01-01T00:00:00Z" } as Parameters<typeof faultOf>[0];

test("what a proof was made for is told with both values where they are short, and by its name where they are not", () => {
  expect(faultOf(proof, [["the folder", "/a", "/b"]])).toBe("it was proved for the folder /a; it is /b now");
  expect(faultOf(proof, [["the folder", "/a b", "/b"]])).toBe("it was proved for another folder");
  expect(faultOf(proof, [["the folder", "/a", "/a"]])).toBeUndefined();
});
