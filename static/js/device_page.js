import { CacheManager } from "@wllama/wllama";
import { openComposer } from "./composer/composer.js";
import { openConversation } from "./device/conversation.js";
import { compileCrisisPatterns, languageOf } from "./device/crisis_detection.js";
import { openEngine } from "./device/engine.js";
import { openModelList } from "./device/model_list.js";
import { findObstacle } from "./device/requirements.js";
import { openWeights } from "./device/weights.js";
import { announce } from "./lib/announcer.js";
import { element, find, setText } from "./lib/dom.js";
import { showError } from "./lib/error_notice.js";
import { codeWord, speed, word } from "./lib/words.js";

/** @import { DeviceModel } from "./device/requirements.js" */

const root = find(document, ".device");
/** @type {{ models: DeviceModel[], help: Record<"ko" | "en", string>, crisis: string[] }} */
const given = JSON.parse(document.getElementById("device")?.textContent ?? "{}");

async function open() {
  const obstacle = await findObstacle(globalThis);
  const refusal = find(document, ".device-obstacle");
  refusal.hidden = !obstacle;
  if (obstacle) setText(refusal, codeWord("device_obstacle", obstacle, "other"));
  else startConversation();
}

function startConversation() {
  const weights = openWeights(new CacheManager());
  const engine = openEngine(root.dataset.wasm ?? "", weights);
  const isCrisis = compileCrisisPatterns(given.crisis);
  const status = find(document, ".device-status");
  /** @type {DeviceModel | undefined} */
  let model;
  let perSecond = 0;

  const conversation = openConversation(
    engine,
    (prompt) => (isCrisis(prompt) ? given.help[languageOf(prompt)] : ""),
    (measured) => {
      perSecond = measured || perSecond;
      showStatus();
    },
  );
  const composer = openComposer(Number(root.dataset.promptLimit), {
    send(prompt) {
      const refused = conversation.ask(prompt);
      if (refused) {
        showError(codeWord("device_failure", refused, "other"));
        composer.putBack(prompt);
      }
      root.classList.toggle("begun", document.querySelector(".device-turns .turn") !== null);
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
    root.classList.remove("begun");
    showStatus();
  };

  const modelList = openModelList(given.models, weights, engine, (started) => {
    model = started;
    perSecond = 0;
    conversation.setModel(started);
    root.dataset.stage = "talking";
    showExamples(started.examples);
    showStatus();
    announce(word("device_ready"));
    preloadRenderers();
    if (matchMedia("(pointer: fine)").matches) composer.focus();
  });

  find(document, "[data-fresh]").addEventListener("click", () => {
    clear();
    composer.focus();
  });
  find(document, "[data-change-model]").addEventListener("click", () => {
    // What was said stays, for whichever model is started next.
    conversation.stop();
    modelList.quit();
    root.dataset.stage = "choosing";
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && conversation.stop()) event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    if (conversation.isAnswering() || modelList.isBusy()) event.preventDefault();
  });
}

/** What draws code and formulas is here before the first answer, which may come with the network gone. */
const preloadRenderers = () =>
  Promise.allSettled([import("./markdown/highlight.js"), import("./markdown/typeset.js")]);

/** @param {string[]} examples */
function showExamples(examples) {
  const rows = examples.map((example) =>
    element("li", {}, element("button", { type: "button", class: "example", "data-example": true }, example)),
  );
  find(document, ".device-welcome .examples").replaceChildren(...rows);
}

if (given.models?.length) open();
