import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { junitXml } from "../../../cli/junit.ts";

/** What an XML parser that is not ours reads: attributes and text of each case. */
function read(xml: string): { name: string; message: string; text: string }[] {
  const script = `
import json, sys, xml.etree.ElementTree as E
cases = E.fromstring(sys.stdin.buffer.read()).iter("testcase")
print(json.dumps([{"name": c.get("name"), "message": c.find("failure").get("message"), "text": c.find("failure").text or ""} for c in cases]))`;
  return JSON.parse(execFileSync("python3", ["-c", script], { input: xml, encoding: "utf8" }));
}

test("any text is well-formed, and is read as it was but for what XML cannot hold", () => {
  const failures = fc.sample(fc.string({ unit: "binary", maxLength: 40 }), 300);
  const hostile = ["<![CDATA[", "]]>", "&amp;", "\u0000\u001b[31m", "\ud800", "\r\n\t", "\ufffe", "é𝄞"];
  const all = [...failures, ...hostile];
  const held = (text: string) =>
    text
      .toWellFormed()
      .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd");
  const xml = junitXml(
    "s",
    all.map((failure) => ({ classname: "c", name: "n", seconds: 1, failure })),
  );
  expect(read(xml).map(({ text }) => text)).toEqual(all.map(held));
});

test("the message is the failure's first line", () => {
  const cases = [{ classname: "c", name: "n", seconds: 0, failure: "first & last\nmore" }];
  expect(read(junitXml("s", cases))).toEqual([
    { name: "n", message: "first & last", text: "first & last\nmore" },
  ]);
});
