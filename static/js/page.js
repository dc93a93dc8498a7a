import { openAddress } from "./address.js";
import { openBanner } from "./banner.js";
import { listCommands } from "./commands.js";
import { openComposer } from "./composer.js";
import { watchConversations } from "./conversation_pages.js";
import { keepDraft, readDraft } from "./draft.js";
import { find } from "./element.js";
import { openFeed } from "./feed.js";
import { listenToKeys } from "./keys.js";
import { openOutbox } from "./outbox.js";
import { openPalette } from "./palette.js";
import { openPending } from "./pending.js";
import { refuse } from "./refusal.js";
import { openSharing } from "./sharing.js";
import { openSidebar } from "./sidebar.js";
import { connect } from "./socket.js";
import { joinTabs } from "./tabs.js";
import { openTranscript } from "./transcript.js";
import { openWishes } from "./wishes.js";
import { codeWord, word } from "./words.js";

/** @import { ServerMessage } from "./events.js" */

const house = find(document, ".house");
const { conversation, enter } = openAddress(house);
const feed = openFeed();
const outbox = openOutbox(() => connection);
const promptLimit = Number(house.dataset.promptLimit) || 20_000;
const pending = openPending(conversation, () => composer.text());
const wishes = openWishes();
let firstTurn = "";
const sidebar = openSidebar(conversation);

const transcript = openTranscript(feed, {
  promptLimit,
  resend: (turn, prompt) => outbox.post({ type: "edit", turn, prompt }),
  regenerate: (turn) => outbox.post({ type: "regenerate", turn }),
  retry: (candidate) => tell({ type: "retry", candidate }),
  vote: (candidate) => tell({ type: "vote", candidate }),
  add: (turn, model) => tell({ type: "add", turn, model }),
  // What it tells is worth little alone: it is lost without a word when the line is down.
  signal: (candidate, kind) => connection.send({ type: "signal", candidate, kind }),
  showVersion: (version) => transcript.show(version),
  share: () => sharing.open(),
});

const composer = openComposer(promptLimit, {
  keep: (text) => keepDraft(conversation(), text),
  kept: () => readDraft(conversation()),
  send(prompt) {
    const wish = { type: "open_turn", conversation: conversation() || null, prompt, ...wishes() };
    pending.show(outbox.post(wish), prompt);
  },
  stop: () => stopTurns(),
  editLast: () => transcript.editLast(),
});

const sharing = openSharing(conversation);

/** @param {Record<string, unknown>} wish that means nothing later: it is sent now or not at all */
function tell(wish) {
  if (!connection.send(wish)) refuse(word("offline"));
}

/** @returns {boolean} whether there was anything to stop */
function stopTurns() {
  const running = feed.running();
  for (const turn of running) tell({ type: "stop", turn });
  return running.length > 0;
}

/** @param {string} turn */
const resume = (turn) => connection.send({ type: "resume", turn, after_seq: feed.seqOf(turn) });

const showBusy = () => composer.setBusy(feed.running().length > 0);

/** @type {{ [K in ServerMessage["type"]]: (message: Extract<ServerMessage, { type: K }>) => void }} */
const hearing = {
  opened(message) {
    const wish = outbox.settle(message.client_id, message.conversation);
    pending.settle(message.client_id);
    if (!conversation() && wish?.type === "open_turn") {
      enter(message.conversation, composer.text());
      sharing.patch();
    }
    const prompt = String(wish?.prompt ?? feed.read(message.replaces ?? "")?.prompt ?? "");
    show({ ...message, prompt });
    tellTabs({ ...message, prompt });
  },
  frame(message) {
    const taken = feed.take(message);
    if (taken === "gap") resume(message.turn);
    if (taken !== "applied") return;
    transcript.change(message.turn);
    // A later turn says what the conversation was called when it began.
    const title = message.turn === firstTurn && feed.read(firstTurn)?.title;
    if (title) sidebar.put(conversation(), title);
    showBusy();
  },
  refused(message) {
    const wish = outbox.settle(message.client_id);
    pending.settle(message.client_id);
    refuse(codeWord("refusal", message.code) || message.message || word("refusal.other"));
    // What somebody wrote is where they can change it and send it again.
    const isBack = wish?.type === "edit" && transcript.editAgain(String(wish.turn), String(wish.prompt));
    if (wish?.prompt && !isBack) composer.putBack(String(wish.prompt));
  },
  voted: (message) => transcript.mark("voted", message.candidate),
  signalled({ candidate, kind }) {
    if (kind !== "continue") return;
    transcript.mark("continued", candidate);
    composer.focus();
  },
  pong() {},
};

/** @param {import("./tabs.js").Opened} message */
function show({ turn, conversation: its, number, replaces, prompt = "" }) {
  if (its !== conversation()) return;
  feed.start(turn, prompt);
  if (replaces) transcript.replace(replaces, turn);
  else transcript.append(turn);
  transcript.change(turn);
  if (number === 1) firstTurn = turn;
  sidebar.put(its, number === 1 ? prompt : "");
  showBusy();
}

const tellTabs = joinTabs((message) => {
  show(message);
  if (message.conversation === conversation()) resume(message.turn);
});

const banner = openBanner(() => connection.isOpen());

const connection = connect(`${location.origin.replace(/^http/, "ws")}/ws/`, {
  onOpen() {
    banner.show("");
    outbox.resend();
    feed.running().forEach(resume);
  },
  onMessage(message) {
    const hear = /** @type {((message: ServerMessage) => void) | undefined} */ (hearing[message.type]);
    hear?.(message);
  },
  onLost: banner.showLost,
});

const fresh = () => location.assign("/");
const palette = openPalette(listCommands({ fresh, toggleSidebar: sidebar.toggle }), watchConversations());
find(document, "[data-open-palette]").addEventListener("click", palette);
listenToKeys({ palette, fresh, stop: stopTurns, focus: composer.focus });
showBusy();
// On a phone focus would raise the keyboard over the page.
if (matchMedia("(pointer: fine)").matches) composer.focus();
