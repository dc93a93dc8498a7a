import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root), "utf8");
const scripts = readdirSync(new URL("static/js/", root), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".js"))
  .map((name) => read(`static/js/${name}`));
const folder = "templates/aggregator/messages/";
const parts = readdirSync(new URL(folder, root));
const keys = parts.flatMap((name) =>
  [...read(`${folder}${name}`).matchAll(/data-message="([^"]+)"/g)].map((match) => match[1]),
);
const known = new Set(keys);

test("every part of the messages is in the page, and no key in two", () => {
  const page = read("templates/aggregator/_messages.html");
  for (const name of parts)
    assert.ok(page.includes(`"aggregator/messages/${name}"`), `not in the page: ${name}`);
  assert.equal(known.size, keys.length);
});

test("every message that a script uses is in the page", () => {
  for (const script of scripts) {
    for (const [, key] of script.matchAll(/\btranslate\(\s*"([^"]+)"/g))
      assert.ok(known.has(key), `no message ${key}`);
  }
});

test("every list of codes has its fallback message", () => {
  for (const script of scripts) {
    for (const [, list, fallback] of script.matchAll(/translateCode\("(\w+)", [^,()]+, "(\w+)"\)/g)) {
      assert.ok(known.has(`${list}.${fallback}`), `no message ${list}.${fallback}`);
    }
  }
});

test("every reason of the ranking has a message", () => {
  const source = read("aggregator/pipeline/ranking/rank.py");
  const list = source.match(/REASONS[^=]*=\s*\(([^)]*)\)/)?.[1] ?? "";
  for (const [, code] of list.matchAll(/"(\w+)"/g))
    assert.ok(known.has(`reason.${code}`), `no message reason.${code}`);
});

test("every error of a provider has a message", () => {
  const source = read("aggregator/providers/errors.py");
  for (const [, code] of source.matchAll(/^ {4}code = "(\w+)"/gm)) {
    assert.ok(known.has(`error.${code}`), `no message error.${code}`);
  }
});

test("every icon that a script draws is in the sprite", () => {
  const sprite = read("templates/aggregator/_icons.html");
  for (const script of scripts) {
    for (const [, name] of script.matchAll(
      /\b(?:icon|iconButton|wordButton)\((?:[^,()]*\([^()]*\), )?"([\w-]+)"/g,
    )) {
      assert.ok(sprite.includes(`id="icon-${name}"`), `no icon ${name}`);
    }
  }
});

test("the reducer handles every event of the server", () => {
  const reducer = read("static/js/state/turn_state.js");
  for (const [, type] of read("aggregator/domain/events.py").matchAll(/type: ClassVar\[str\] = "(\w+)"/g)) {
    assert.match(reducer, new RegExp(`^  ${type}:`, "m"));
  }
});

test("every device failure and unsupported reason has a message", () => {
  const sources = ["errors", "weights", "engine"]
    .map((name) => read(`static/js/device/${name}.js`))
    .join("\n");
  const failures = [...sources.matchAll(/(?:DeviceError\(|_MS, |\/i?, )"(\w+)"/g)].map((match) => match[1]);
  assert.ok(failures.length > 10);
  for (const code of failures)
    assert.ok(known.has(`device_failure.${code}`), `no message device_failure.${code}`);
  const support = read("static/js/device/requirements.js");
  for (const [, code] of support.matchAll(/(?:return|\?) "(\w+)"/g))
    assert.ok(known.has(`device_unsupported.${code}`), `no message device_unsupported.${code}`);
});
