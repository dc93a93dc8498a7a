import assert from "node:assert/strict";
import { test } from "node:test";
import { markdownToHtml } from "../../../static/js/markdown/markdown.js";
import { isWithinLimits, stripDelimiters, texToMathml } from "../../../static/js/markdown/typeset.js";

/** @param {string} text @param {boolean} [isOpen] */
const formulasOf = (text, isOpen = false) =>
  [...markdownToHtml(text, isOpen).matchAll(/class="formula([ \w]*)"(?: tabindex="0")?>([\s\S]*?)<\//g)].map(
    ([, kind = "", source = ""]) => `${kind.trim()}:${source}`,
  );

const withFormulas = [
  ["값은 $a_1 * b_1$이에요", [":$a_1 * b_1$"]],
  ["값은 \\(a_1 * b_1\\)이에요", [":\\(a_1 * b_1\\)"]],
  ["$$E = mc^2$$", ["display:$$E = mc^2$$"]],
  ["그래서 $$E = mc^2$$ 이에요", ["display:$$E = mc^2$$"]],
  ["식은\n\\[\na\n= b\n- c\n\\]\n이에요", ["display:\\[\na\n= b\n- c\n\\]"]],
  ["- 하나\n  $$\n  x\n  $$\n- $y$", ["display:$$\nx\n$$", ":$y$"]],
  ["속도는 $v = \\frac{거리}{시간}$", [":$v = \\frac{거리}{시간}$"]],
  ["$5$개와 $2x$", [":$5$", ":$2x$"]],
  ["$a$, $b$ and $c$.", [":$a$", ":$b$", ":$c$"]],
  ["$\\$5 + x$", [":$\\$5 + x$"]],
  ["|식|\n|-|\n|$x^2$|", [":$x^2$"]],
];
for (const [text, formulas] of withFormulas) {
  test(`a formula is found in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(formulasOf(String(text)), formulas));
}

const withoutFormulas = [
  "It costs $5 and $10 a month.",
  "$5-$10, or US$5 to US$10, $1.5M~$2M",
  "$5와 10$ 사이, $5 or maybe 10$",
  "echo $HOME:$PATH and $USER and $1 $2",
  "`$x$` and `\\(x\\)` are code, $5 `a$`",
  "```\n$$x$$\n```",
  "    $$x$$",
  "\\$x\\$ and \\\\(x\\\\)",
  "$ x $ and $$$$ and $",
  "$$\n\nx\n\n$$",
  "half \\(a + b and \\[ c and $$ d",
];
for (const text of withoutFormulas) {
  test(`no formula is found in ${JSON.stringify(text)}`, () => assert.deepEqual(formulasOf(text), []));
}

test("an open formula keeps its source, whatever Markdown it contains", () => {
  assert.deepEqual(formulasOf("값은 $a_1 \\cdot *b", true), ["open:$a_1 \\cdot *b"]);
  assert.deepEqual(formulasOf("값은 \\(a * b * c", true), ["open:\\(a * b * c"]);
  assert.deepEqual(formulasOf("식은\n$$\na\n=\n- b", true), ["open:$$\na\n=\n- b"]);
  assert.deepEqual(formulasOf("It costs $5 and *this*", true), []);
});

test("no line break separates a formula from adjacent characters", () => {
  const markup = markdownToHtml("값은 ($x$)이고 $y$ 이며 **$z$**는");
  assert.ok(
    markup.includes('값은 <span class="glued">(<span class="formula">$x$</span>)</span>이고 <span class="f'),
    markup,
  );
  assert.ok(markup.includes('<strong><span class="formula">$z$</span></strong>는'), markup);
});

test("delimiters of every kind are stripped", () => {
  assert.deepEqual(["$x$", "$$x$$", "\\(x\\)", "\\[x\\]"].map(stripDelimiters), ["x", "x", "x", "x"]);
});

test("LaTeX becomes MathML", () => {
  const drawn = texToMathml("\\int_0^1 \\frac{x}{2}\\,dx", true);
  assert.match(drawn, /^<math [^>]*display="block"/);
  assert.match(drawn, /<mfrac>/);
});

const hostile = [
  "\\href{javascript:alert(1)}{x}",
  "\\url{javascript:alert(1)}",
  "\\includegraphics{https://a.example/x.png}",
  "\\htmlStyle{position:fixed}{x}",
  "\\style{position:fixed}{x}",
  "\\class{notice}{x}",
  "\\id{main}{x}",
  "\\data{turn=1}{x}",
  "\\def\\a{\\a\\a}\\a",
  "\\newcommand{\\a}{x}\\a",
  "\\global\\let\\a=\\b",
  `\\def\\a{xxxxxxxxxx}\\def\\b{${"\\a".repeat(10)}}\\def\\c{${"\\b".repeat(10)}}${"\\c".repeat(100)}`,
  `${"{".repeat(2900)}x${"}".repeat(2900)}`,
  "x".repeat(20_000),
  "\\frac{a}",
  "\\nosuchcommand x",
];
for (const tex of hostile) {
  test(`${JSON.stringify(tex.slice(0, 40))} stays source text`, () =>
    assert.equal(texToMathml(tex, false), ""));
}

test("no measure exceeds the limits", () => {
  for (const tex of [
    "\\rule{9999em}{9999em}",
    "\\kern{99999pt}x",
    "\\hspace{9999cm}x",
    "\\raisebox{9999em}{x}",
  ]) {
    const sizes = [...texToMathml(tex, true).matchAll(/([\d.]+)(em|pt|ex|px|cm)\b/g)];
    for (const [measure, size, unit] of sizes) assert.ok(Number(size) <= (unit === "em" ? 20 : 240), measure);
  }
});

test("a measure outside the limits is rejected", () => {
  for (const allowed of ["20em", "-0.1667em", "0.06em solid", "5.9pt", "50%", ""])
    assert.ok(isWithinLimits(allowed), allowed);
  for (const rejected of ["-9999em", "0 0 9999em 0", "-25pt", "21em", "900%"])
    assert.ok(!isWithinLimits(rejected), rejected);
});

test("HTML in a formula is text", () => {
  assert.ok(!texToMathml('\\text{<img src=x onerror="alert(1)">}', false).includes("<img"));
});

test("a text full of delimiters is parsed in linear time", () => {
  const started = performance.now();
  for (const text of ["\\(", "$", "$x", "\\[", "$$x ", "$$\n", "\\$"]) {
    markdownToHtml(text.repeat(10_000), true);
    markdownToHtml(text.repeat(10_000));
    markdownToHtml(`${text.repeat(10_000)}\`\\)\\]`);
  }
  assert.ok(performance.now() - started < 4000);
});
