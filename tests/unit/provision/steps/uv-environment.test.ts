import { expect, test } from "vitest";
import { uvEnvironment } from "../../../../provision/steps/uv-environment.ts";

test.each([
  "UV_PYTHON",
  "UV_PROJECT_ENVIRONMENT",
  "UV_PROJECT",
  "UV_NO_EDITABLE",
  "UV_SYSTEM_PYTHON",
  "UV_VENV_CLEAR",
  "UV_SOMETHING_OF_A_LATER_UV",
  "VIRTUAL_ENV",
  "CONDA_PREFIX",
  "PYTHONPATH",
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_ACCESS_TOKEN",
  "FORCE_COLOR",
])("%s does not reach uv", (name) => {
  const variables = uvEnvironment({ [name]: "1" });
  expect(variables).toHaveProperty(name);
  expect(variables[name]).toBeUndefined();
});

test.each([
  "UV_DEFAULT_INDEX",
  "UV_INDEX_URL",
  "UV_INDEX_COMPANY_PASSWORD",
  "UV_EXTRA_INDEX_URL",
  "UV_CONFIG_FILE",
  "UV_CACHE_DIR",
  "UV_LINK_MODE",
  "UV_NATIVE_TLS",
  "UV_HTTP_TIMEOUT",
  "UV_PYTHON_INSTALL_DIR",
  "UV_PYTHON_DOWNLOADS",
  "HTTPS_PROXY",
  "no_proxy",
  "SSL_CERT_FILE",
  "NETRC",
  "PATH",
  "HOME",
])("%s is left to the user", (name) => {
  expect(uvEnvironment({ [name]: "1" })).not.toHaveProperty(name);
});
