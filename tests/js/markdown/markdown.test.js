import assert from "node:assert/strict";
import { test } from "node:test";
import { markdownToHtml } from "../../../static/js/markdown/markdown.js";

const cases = [
  ["bold before a Korean particle", "**마크다운(Markdown)**을 써요", "<strong>마크다운(Markdown)</strong>을"],
  ["bold after a Korean particle", "이것은**‘강조’**예요", "<strong>‘강조’</strong>"],
  ["a single line break is kept", "첫 줄\n둘째 줄", "<br>"],
  ["headings are below the page's own", "# 제목", '<h3 dir="auto">제목</h3>'],
  ["a formula keeps its backslashes", "값은 \\(a_1 * b_1\\)이에요", "\\(a_1 * b_1\\)"],
  ["a formula has no emphasis", "$$a*b*c$$", "$$a*b*c$$"],
  ["a column keeps its alignment", "|a|\n|-:|\n|1|", '<td dir="auto" align="right">1</td>'],
  ["a table scrolls in its own container", "|a|\n|-|\n|1|", '<div class="table-scroll" tabindex="0"><table>'],
  ["code carries its language", "```py\nx\n```", '<pre data-language="py"><code>x\n</code></pre>'],
  ["HTML is text", "<script>alert(1)</script>", "&lt;script&gt;"],
  ["an image becomes a link", "![그림](https://a.example/x.png)", '<a href="https://a.example/x.png" rel="'],
];

for (const [name, text, expected] of cases) {
  test(name ?? "", () =>
    assert.ok(markdownToHtml(text ?? "").includes(expected ?? ""), markdownToHtml(text ?? "")),
  );
}

for (const address of [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "vbscript:x",
  "data:text/html,x",
  "file:///etc",
]) {
  test(`${address} is not a link`, () => assert.ok(!markdownToHtml(`[x](${address})`).includes("<a ")));
}

test("a language name cannot break out of its attribute", () => {
  assert.ok(!markdownToHtml('```"><img/src=x>\nx\n```').includes("<img"));
});

test("a link opens in a new tab without a referrer", () => {
  assert.ok(
    markdownToHtml("[x](https://a.example)").includes(
      'rel="noopener noreferrer nofollow ugc" target="_blank"',
    ),
  );
});
