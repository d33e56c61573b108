import { expect, test } from "vitest";
import { proxyFinding } from "../../../../checks/doctor/proxy.ts";

const proxy = { HTTPS_PROXY: "http://proxy:3128" };

test.each([
  ["no proxy", { NO_PROXY: "10.0.0.0/8" }],
  ["names and addresses", { ...proxy, NO_PROXY: "localhost,10.0.0.5 .example.org" }],
  ["a proxy that is empty", { http_proxy: "", no_proxy: "10.0.0.0/8" }],
])("%s is read by all alike", (_, env) => expect(proxyFinding(env)).toBeUndefined());

test.each([
  ["10.0.0.0/8", { ...proxy, NO_PROXY: "localhost, 10.0.0.0/8" }],
  ["fd00::/8", { all_proxy: "socks5://p", no_proxy: "fd00::/8" }],
])("the range %s is named", (range, env) =>
  expect(proxyFinding(env)).toMatchObject({ level: "warning", found: expect.stringContaining(range) }),
);
