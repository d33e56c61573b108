import { expect, test } from "vitest";
import { addressOf } from "../../../lib/redis-address.ts";

test("asks this machine where all of its addresses are meant", () => {
  expect(addressOf({ host: "0.0.0.0", port: 1 })).toBe("127.0.0.1:1");
  expect(addressOf({ host: "10.0.0.5", port: 1 })).toBe("10.0.0.5:1");
});
