import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";
import { expect, test } from "vitest";
import { blocker } from "../../../../checks/finding.ts";
import { reportPage } from "../../../../checks/status/page.ts";
import { checksOf, imageOf, machineStatusOf } from "../../../machine-status.ts";

const odd = `<img src=https://elsewhere.example onerror="x()">`;
const pages = {
  "of a machine that is ready": machineStatusOf(),
  "of a rehearsal": machineStatusOf({ isRehearsal: true }),
  "with everything that it can show": machineStatusOf({
    ...{
      stack: odd,
      checks: checksOf(blocker("route", odd, [{ advice: odd }, { command: [odd], when: odd }])),
    },
    images: [imageOf(odd, { state: "failed", fault: odd, lostPrograms: [odd] })],
    commands: [{ command: "verify", at: "2026-01-02T03:04:05Z", isPassed: false, found: odd }],
    configuration: { [odd]: [odd] },
  }),
  "of nothing": machineStatusOf({ checks: [], images: [], versions: [], configuration: {}, environment: {} }),
};

/** All elements, from the outermost in. */
function elementsIn(node: Tree.ParentNode): readonly Tree.Element[] {
  return node.childNodes.flatMap((child) => ("tagName" in child ? [child, ...elementsIn(child)] : []));
}

const textOf = (element: Tree.Element) =>
  element.childNodes.map((child) => ("value" in child ? child.value : "")).join("");

test.each(Object.entries(pages))(
  "the page %s is whole HTML and needs nothing from elsewhere",
  (_, status) => {
    const faults: string[] = [];
    const document = parse(reportPage(status), {
      sourceCodeLocationInfo: true,
      onParseError: ({ code, startLine }) => faults.push(`${startLine}: ${code}`),
    });
    expect(faults).toEqual([]);
    const elements = elementsIn(document);
    const names = new Set(elements.map(({ tagName }) => tagName));
    for (const name of ["script", "link", "img", "iframe", "object", "embed", "base", "image", "use", "form"])
      expect(names).not.toContain(name);
    const attributes = elements.flatMap(({ attrs }) => attrs);
    expect(
      attributes.filter(({ name }) => /^on|^(src|srcset|href|data|action|background|poster)$/.test(name)),
    ).toEqual([]);
    const styles = [
      ...elements.filter(({ tagName }) => tagName === "style").map(textOf),
      ...attributes.filter(({ name }) => name === "style").map(({ value }) => value),
    ].join("\n");
    expect(styles).not.toMatch(/url\(|@import|image-set|\bsrc:/);
    // Where an element was left open, another closes it, which is no parse error.
    const open = elements.filter(
      ({ tagName, sourceCodeLocation }) =>
        sourceCodeLocation?.endTag === undefined &&
        sourceCodeLocation?.startTag &&
        !["meta", "br"].includes(tagName),
    );
    expect(open.map(({ tagName }) => tagName)).toEqual([]);
    expect(
      elements.find(({ attrs }) => attrs.some(({ name }) => name === "http-equiv"))?.attrs,
    ).toContainEqual(
      expect.objectContaining({ name: "content", value: "default-src 'none'; style-src 'unsafe-inline'" }),
    );
  },
);
