import { expect, test } from "vitest";
import { npmEnv } from "../../../../toolchain/packages/npm.mjs";

test("variables that decide what npm installs are taken out, in any spelling; where from stays", () => {
  const kept = {
    PATH: "/bin",
    npm_config_registry: "http://127.0.0.1:1",
    NPM_CONFIG_CAFILE: "/ca.pem",
    npm_config_cache: "/c",
    npm_config_prefix: "/home/u/.npm-global",
    https_proxy: "http://proxy:3128",
  };
  const decides = {
    NODE_ENV: "production",
    NODE_OPTIONS: "--import /gone.mjs",
    npm_config_omit: "optional",
    NPM_CONFIG_OMIT: "dev",
    npm_config_dry_run: "true",
    Npm_Config_Package_Lock: "false",
    npm_config_global: "true",
    npm_config_optional: "false",
    npm_config_cpu: "arm",
    npm_config_ignore_scripts: "false",
  };
  expect(npmEnv({ ...kept, ...decides })).toEqual(kept);
});
