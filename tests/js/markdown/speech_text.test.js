import assert from "node:assert/strict";
import { test } from "node:test";
import { languageByScript, splitUtterances } from "../../../static/js/markdown/speech_text.js";

const NAMES = { code: "여기에 코드가 있어요.", formula: "수식", lang: "ko" };
const textsOf = (/** @type {string} */ text) => splitUtterances(text, NAMES).map((part) => part.text);

test("Markdown syntax is not read", () => {
  assert.deepEqual(textsOf("## 제목\n\n- **굵은** 글\n- [링크](https://a.example)와 `코드`\n\n> 인용"), [
    "제목",
    "굵은 글",
    "링크와 코드",
    "인용",
  ]);
});

test("code is announced, not spelled", () => {
  assert.deepEqual(textsOf("이렇게 써요.\n\n```py\nprint(1)\n```\n\n끝이에요."), [
    "이렇게 써요.",
    "여기에 코드가 있어요.",
    "끝이에요.",
  ]);
});

test("a simple formula is read, another one is announced", () => {
  assert.deepEqual(textsOf("값은 $x + 1 = 2$이고 $\\frac{a}{b}$도 있어요."), [
    "값은 x + 1 = 2이고 수식 도 있어요.",
  ]);
});

test("cells of a row are read together", () => {
  assert.deepEqual(textsOf("|도시|인구|\n|-|-|\n|서울|940만|"), ["도시, 인구", "서울, 940만"]);
});

test("a URL is read as its host, a line of symbols not at all", () => {
  assert.deepEqual(textsOf("https://a.example/b?c=1\n\n***\n\n→ —"), ["a.example"]);
});

test("utterances are short enough for every browser and lose no word", () => {
  const text = `${"아주 긴 문장이 ".repeat(60)}끝나요. 다음 문장이에요! ${"가".repeat(500)}`;
  const parts = textsOf(text);
  assert.ok(parts.every((part) => part.length <= 180));
  assert.equal(parts.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
});

test("the language is detected by script", () => {
  assert.equal(languageByScript("서울은 Seoul이에요"), "ko");
  assert.equal(languageByScript("Seoul is written 서울 in Korean, the language of the country"), "en");
  assert.equal(languageByScript("1 + 1"), "en");
});

test("texts of the page are read in the page's language", () => {
  assert.deepEqual(splitUtterances("Do this:\n\n```\nx\n```", NAMES), [
    { text: "Do this:", lang: "en" },
    { text: "여기에 코드가 있어요.", lang: "ko" },
  ]);
});
