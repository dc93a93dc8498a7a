import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { sendOnEnter } from "../../../static/js/composer/enter_key.js";

/** A field that sends its value, as the composer does. */
class Field extends EventTarget {
  value = "";
  /** @type {string[]} */
  sent = [];

  constructor() {
    super();
    sendOnEnter(/** @type {any} */ (this), () => {
      if (this.value) this.sent.push(this.value);
      this.value = "";
    });
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] */
  dispatch(type, fields = {}) {
    const event = Object.assign(new Event(type, { cancelable: true }), fields);
    this.dispatchEvent(event);
    return event;
  }

  /** @param {Record<string, unknown>} [fields] */
  enter(fields = {}) {
    return this.dispatch("keydown", {
      key: "Enter",
      code: "Enter",
      keyCode: 13,
      isComposing: false,
      ...fields,
    });
  }

  /** @param {string} text */
  compose(text) {
    this.dispatch("compositionstart");
    this.dispatch("compositionupdate", { data: text });
  }

  /** @param {string} text */
  endComposition(text) {
    this.value += text;
    this.dispatch("compositionend", { data: text });
  }
}

test("Enter sends and inserts no line break", () => {
  const field = new Field();
  field.value = "안녕";
  assert.ok(field.enter().defaultPrevented);
  assert.deepEqual(field.sent, ["안녕"]);
});

test("Shift and Enter send nothing", () => {
  const field = new Field();
  field.value = "안녕";
  field.enter({ shiftKey: true });
  assert.deepEqual(field.sent, []);
});

test("Enter during a Hangul syllable sends once, with the complete syllable", async () => {
  const field = new Field();
  field.value = "안녕하세";
  field.compose("요");
  field.enter({ keyCode: 229, isComposing: true });
  field.endComposition("요");
  field.enter();
  await pause(20);
  assert.deepEqual(field.sent, ["안녕하세요"]);
});

test("the line break that follows a composed Enter is dropped", () => {
  const field = new Field();
  field.compose("요");
  field.enter({ keyCode: 229, isComposing: true });
  assert.ok(field.dispatch("beforeinput", { inputType: "insertLineBreak" }).defaultPrevented);
});

test("an Enter reported after the composition, as Safari does, sends once", async () => {
  const field = new Field();
  field.compose("요");
  field.endComposition("요");
  field.enter({ keyCode: 229 });
  await pause(20);
  assert.deepEqual(field.sent, ["요"]);
});

test("Enter accepts a choice of a Japanese input method and sends nothing", async () => {
  const field = new Field();
  field.compose("にほん");
  field.enter({ keyCode: 229, isComposing: true });
  field.endComposition("日本");
  await pause(20);
  assert.deepEqual(field.sent, []);
});

test("the Enter after an accepted Japanese choice sends", async () => {
  const field = new Field();
  field.compose("にほん");
  field.enter({ keyCode: 229, isComposing: true });
  field.endComposition("日本");
  await pause(30);
  field.enter();
  assert.deepEqual(field.sent, ["日本"]);
});
