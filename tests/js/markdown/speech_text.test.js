import assert from "node:assert/strict";
import { test } from "node:test";
import { languageByScript, splitUtterances } from "../../../static/js/markdown/speech_text.js";

const NAMES = { code: "여기에 코드가 있어요.", formula: "수식", lang: "ko" };
const said = (/** @type {string} */ text) => splitUtterances(text, NAMES).map((part) => part.text);

test("signs of Markdown are not read", () => {
  assert.deepEqual(said("## 제목\n\n- **굵은** 글\n- [링크](https://a.example)와 `코드`\n\n> 인용"), [
    "제목",
    "굵은 글",
    "링크와 코드",
    "인용",
  ]);
});

test("code is named and not spelled", () => {
  assert.deepEqual(said("이렇게 써요.\n\n```py\nprint(1)\n```\n\n끝이에요."), [
    "이렇게 써요.",
    "여기에 코드가 있어요.",
    "끝이에요.",
  ]);
});

test("a simple formula is read, another one is named", () => {
  assert.deepEqual(said("값은 $x + 1 = 2$이고 $\\frac{a}{b}$도 있어요."), [
    "값은 x + 1 = 2이고 수식 도 있어요.",
  ]);
});

test("cells of a row are read together", () => {
  assert.deepEqual(said("|도시|인구|\n|-|-|\n|서울|940만|"), ["도시, 인구", "서울, 940만"]);
});

test("an address is read as its host, and a line of signs not at all", () => {
  assert.deepEqual(said("https://a.example/b?c=1\n\n***\n\n→ —"), ["a.example"]);
});

test("sentences are short enough for every browser, and lose no word", () => {
  const text = `${"아주 긴 문장이 ".repeat(60)}끝나요. 다음 문장이에요! ${"가".repeat(500)}`;
  const parts = said(text);
  assert.ok(parts.every((part) => part.length <= 180));
  assert.equal(parts.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
});

test("the script tells the language", () => {
  assert.equal(languageByScript("서울은 Seoul이에요"), "ko");
  assert.equal(languageByScript("Seoul is written 서울 in Korean, the language of the country"), "en");
  assert.equal(languageByScript("1 + 1"), "en");
});

test("what the page says itself is read in the page's language", () => {
  assert.deepEqual(splitUtterances("Do this:\n\n```\nx\n```", NAMES), [
    { text: "Do this:", lang: "en" },
    { text: "여기에 코드가 있어요.", lang: "ko" },
  ]);
});
