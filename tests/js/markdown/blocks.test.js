import assert from "node:assert/strict";
import { test } from "node:test";
import { cutBlocks, openFence } from "../../../static/js/markdown/blocks.js";

const ANSWER = `서울에서 부산까지 **KTX(고속철도)**가 빨라요.

- 하나
- 둘

  이어지는 줄

- 셋

\`\`\`python
def fare():

    return 59_800
\`\`\`
바로 뒤의 글

| 가 | 나 |
|---|---|
| 1 | 2 |

1. 첫째

   \`\`\`
   안쪽 코드
   \`\`\`
2. 둘째

**굵은** 글로 시작하는 문단
~~~
다른 울타리 \`\`\`
~~~
끝`;

const cutAll = (/** @type {string} */ text) => {
  const { blocks, rest } = cutBlocks(text, 0);
  return [...blocks, text.slice(rest)];
};

test("streamed text is cut into the same blocks as stored text, wherever the pieces end", () => {
  const whole = cutAll(ANSWER);
  for (const step of [1, 2, 3, 7, 19]) {
    const closed = [];
    let from = 0;
    for (let end = step; end < ANSWER.length + step; end += step) {
      const { blocks, rest } = cutBlocks(ANSWER.slice(0, end), from);
      closed.push(...blocks);
      from = rest;
    }
    assert.deepEqual([...closed, ANSWER.slice(from)], whole, `pieces of ${step}`);
  }
});

test("the blocks joined are the text", () => {
  assert.equal(cutAll(ANSWER).join(""), ANSWER);
});

test("a list with blank lines between its items is one block", () => {
  const { blocks } = cutBlocks("1. a\n\n2. b\n\n3. c\n\nend", 0);
  assert.deepEqual(blocks, ["1. a\n\n2. b\n\n3. c\n\n"]);
});

test("a blank line inside a fence closes no block", () => {
  assert.deepEqual(cutBlocks("```\na\n\nb\n", 0).blocks, []);
  assert.deepEqual(cutBlocks("```\na\n\nb\n```\nc", 0).blocks, ["```\na\n\nb\n```\n"]);
});

test("three backticks on one line do not open a fence", () => {
  assert.deepEqual(cutBlocks("```x``` and\n\nmore", 0).blocks, ["```x``` and\n\n"]);
});

test("a line that may still become a list item closes no block", () => {
  assert.deepEqual(cutBlocks("- a\n\n-", 0).blocks, []);
  assert.deepEqual(cutBlocks("- a\n\n-x", 0).blocks, ["- a\n\n"]);
});

test("an open fence has a language and code, without a partial closing fence", () => {
  assert.deepEqual(openFence("```python title\nx = 1\n``"), { language: "python", code: "x = 1\n" });
  assert.deepEqual(openFence("\n~~~\nx"), { language: "", code: "x" });
  assert.equal(openFence("```py"), null);
  assert.equal(openFence("plain"), null);
});

test("a long answer is cut in linear time", () => {
  const text = `${"문단 하나예요. ".repeat(20)}\n\n`.repeat(2000);
  const started = performance.now();
  let from = 0;
  for (let end = 0; end < text.length; end += 5_000) from = cutBlocks(text.slice(0, end), from).rest;
  assert.ok(performance.now() - started < 1000);
});
