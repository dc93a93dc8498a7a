import { CacheManager } from "@wllama/wllama";
import { openComposer } from "./composer/composer.js";
import { openConversation } from "./device/conversation.js";
import { compileCrisisPatterns, helpLanguageOf } from "./device/crisis_detection.js";
import { openEngine } from "./device/engine.js";
import { openModelList } from "./device/model_list.js";
import { findUnsupportedReason } from "./device/requirements.js";
import { openWeights } from "./device/weights.js";
import { announce } from "./lib/announcer.js";
import { element, find, setText } from "./lib/dom.js";
import { showError } from "./lib/error_notice.js";
import { speed, translate, translateCode } from "./lib/messages.js";

/**
 * @import { DeviceConversation } from "./device/conversation.js"
 * @import { DeviceModel } from "./device/requirements.js"
 */

const root = find(document, ".device");
/** @type {{ models: DeviceModel[], help: Record<"ko" | "en", string>, crisis: string[] }} */
const context = JSON.parse(document.getElementById("device")?.textContent ?? "{}");

async function open() {
  const reason = await findUnsupportedReason(globalThis);
  const notice = find(document, ".device-unsupported");
  notice.hidden = !reason;
  if (reason) setText(notice, translateCode("device_unsupported", reason, "other"));
  else startConversation();
}

function startConversation() {
  const weights = openWeights(new CacheManager());
  const engine = openEngine(root.dataset.wasm ?? "", weights);
  const isCrisis = compileCrisisPatterns(context.crisis);
  const helpFor = (/** @type {string} */ prompt) =>
    isCrisis(prompt) ? context.help[helpLanguageOf(prompt)] : "";
  const showSpeed = (/** @type {number} */ perSecond) => {
    composer.setBusy(conversation.isAnswering());
    status.show(perSecond);
  };
  const status = openStatus();
  const conversation = openConversation(engine, helpFor, showSpeed);
  const composer = openDeviceComposer(conversation);

  const modelList = openModelList(context.models, weights, engine, (model) => {
    conversation.setModel(model);
    status.setModel(model);
    composer.setBusy(conversation.isAnswering());
    root.dataset.stage = "talking";
    showExamples(model.examples);
    announce(translate("device_ready"));
    preloadRenderers();
    if (matchMedia("(pointer: fine)").matches) composer.focus();
  });

  find(document, "[data-new-conversation]").addEventListener("click", () => {
    conversation.clear();
    root.classList.remove("begun");
    composer.setBusy(false);
    composer.focus();
  });
  find(document, "[data-change-model]").addEventListener("click", () => {
    // The turns stay for the model that is started next.
    conversation.stop();
    modelList.quit();
    root.dataset.stage = "choosing";
  });
  watchPage(conversation, modelList.isBusy);
}

/** Show the running model and the speed of its last answer. */
function openStatus() {
  const host = find(document, ".device-status");
  let name = "";
  let perSecond = 0;
  /** @param {number} [measured] 0 keeps the speed before */
  const show = (measured = 0) => {
    perSecond = measured || perSecond;
    setText(host, perSecond ? translate("device_status", { name, speed: speed(perSecond) }) : name);
  };
  /** @param {DeviceModel} model */
  const setModel = (model) => {
    name = model.name;
    perSecond = 0;
    show();
  };
  return { show, setModel };
}

/** @param {DeviceConversation} conversation */
function openDeviceComposer(conversation) {
  const composer = openComposer(Number(root.dataset.promptLimit), {
    send(prompt) {
      const refusal = conversation.ask(prompt);
      if (refusal) {
        showError(translateCode("device_failure", refusal, "other"));
        composer.putBack(prompt);
      }
      root.classList.toggle("begun", document.querySelector(".device-turns .turn") !== null);
    },
    stop: conversation.stop,
    editLast: () => false,
    // Drafts are not stored either.
    saveDraft: () => {},
    readDraft: () => "",
  });
  return composer;
}

/** @param {DeviceConversation} conversation @param {() => boolean} isLoading */
function watchPage(conversation, isLoading) {
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && conversation.stop()) event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    if (conversation.isAnswering() || isLoading()) event.preventDefault();
  });
}

/** Load the code and formula renderers before the first answer, during which the device may be offline. */
const preloadRenderers = () =>
  Promise.allSettled([import("./markdown/highlight.js"), import("./markdown/typeset.js")]);

/** @param {string[]} examples */
function showExamples(examples) {
  const rows = examples.map((example) =>
    element("li", {}, element("button", { type: "button", class: "example", "data-example": true }, example)),
  );
  find(document, ".device-welcome .examples").replaceChildren(...rows);
}

if (context.models?.length) open();
