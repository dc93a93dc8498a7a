import { CacheManager } from "@wllama/wllama";
import { announce } from "./announcer.js";
import { openComposer } from "./composer.js";
import { hearCrisis, languageOf } from "./device_crisis.js";
import { openEngine } from "./device_engine.js";
import { openShelf } from "./device_shelf.js";
import { findObstacle } from "./device_support.js";
import { openTalk } from "./device_talk.js";
import { openWeights } from "./device_weights.js";
import { element, find, setText } from "./element.js";
import { refuse } from "./refusal.js";
import { codeWord, speed, word } from "./words.js";

/** @import { DeviceModel } from "./device_support.js" */

const room = find(document, ".device");
/** @type {{ models: DeviceModel[], help: Record<"ko" | "en", string>, crisis: string[] }} */
const given = JSON.parse(document.getElementById("device")?.textContent ?? "{}");

async function open() {
  const obstacle = await findObstacle(globalThis);
  const refusal = find(document, ".device-obstacle");
  refusal.hidden = !obstacle;
  if (obstacle) setText(refusal, codeWord("device_obstacle", obstacle, "other"));
  else talk();
}

function talk() {
  const weights = openWeights(new CacheManager());
  const engine = openEngine(room.dataset.wasm ?? "", weights);
  const tellsCrisis = hearCrisis(given.crisis);
  const status = find(document, ".device-status");
  /** @type {DeviceModel | undefined} */
  let model;
  let perSecond = 0;

  const conversation = openTalk(
    engine,
    (prompt) => (tellsCrisis(prompt) ? given.help[languageOf(prompt)] : ""),
    (measured) => {
      perSecond = measured || perSecond;
      showStatus();
    },
  );
  const composer = openComposer(Number(room.dataset.promptLimit), {
    send(prompt) {
      const refused = conversation.ask(prompt);
      if (refused) {
        refuse(codeWord("device_failure", refused, "other"));
        composer.putBack(prompt);
      }
      room.classList.toggle("begun", document.querySelector(".device-turns .turn") !== null);
    },
    stop: () => conversation.stop(),
    editLast: () => false,
    // Not even what is half typed is kept.
    keep: () => {},
    kept: () => "",
  });

  const showStatus = () => {
    composer.setBusy(conversation.isAnswering());
    const name = model?.name ?? "";
    setText(status, perSecond ? word("device_status", { name, speed: speed(perSecond) }) : name);
  };

  const clear = () => {
    conversation.clear();
    room.classList.remove("begun");
    showStatus();
  };

  const shelf = openShelf(given.models, weights, engine, (started) => {
    model = started;
    perSecond = 0;
    conversation.take(started);
    room.dataset.stage = "talking";
    showExamples(started.examples);
    showStatus();
    announce(word("device_ready"));
    fetchDrawing();
    if (matchMedia("(pointer: fine)").matches) composer.focus();
  });

  find(document, "[data-fresh]").addEventListener("click", () => {
    clear();
    composer.focus();
  });
  find(document, "[data-change-model]").addEventListener("click", () => {
    // What was said stays, for whichever model is started next.
    conversation.stop();
    shelf.quit();
    room.dataset.stage = "choosing";
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && conversation.stop()) event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    if (conversation.isAnswering() || shelf.isBusy()) event.preventDefault();
  });
}

/** What draws code and formulas is here before the first answer, which may come with the network gone. */
const fetchDrawing = () => Promise.allSettled([import("./highlight.js"), import("./typeset.js")]);

/** @param {string[]} examples */
function showExamples(examples) {
  const rows = examples.map((example) =>
    element("li", {}, element("button", { type: "button", class: "example", "data-example": true }, example)),
  );
  find(document, ".device-welcome .examples").replaceChildren(...rows);
}

if (given.models?.length) open();
