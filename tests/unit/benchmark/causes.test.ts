import { expect, test } from "vitest";
import { causeOf, firstLine } from "../../../benchmark/causes.ts";

// More texts are in tests/machine/benchmark, from exceptions as they are thrown.
test.each<[string, RegExp]>([
  ["Cannot connect to the Docker daemon at unix:///x", /engine did not answer/],
  ["docker.errors.ImageNotFound: 404", /want of its image/],
  ["write /x: no space left on device", /disk was full/],
  ["Error 111 connecting to 127.0.0.1:39567. Connection refused.", /no Redis/],
  ["Error while reading from 127.0.0.1:6379 : (104, 'Connection reset by peer')", /no Redis/],
  ['litellm.APIConnectionError: Cohere_chatException - {"message":"no access"}', /answered, and refused/],
  ["litellm.ServiceUnavailableError: 503", /trouble of its own/],
  ["Feature file not found: dataset/x", /dataset is not whole/],
  ["Unknown agent: 'mini_swe_agent'. Available: codex", /no such agent/],
])("%s", (said, reason) => {
  expect(causeOf(said)?.reason).toMatch(reason);
});

test.each(["huggingface_datasets_task", "a text with 404, 500 and redis in it", "KeyError: 'odd'"])(
  "nothing is known of %s",
  (said) => {
    expect(causeOf(said)).toBeUndefined();
  },
);

test("a traceback is told by its last line, and a long reason keeps its end", () => {
  expect(firstLine("Traceback (most recent call last):\n  File x\nKeyError: 'odd'")).toBe("KeyError: 'odd'");
  expect(firstLine(`Command '['docker', '${"x".repeat(300)}']' returned non-zero exit status 125.`)).toMatch(
    /^Command '\['docker', .* … .*returned non-zero exit status 125\.$/,
  );
});
