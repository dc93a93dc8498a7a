import { openComposer } from "./composer/composer.js";
import { readDraft, saveDraft } from "./composer/draft.js";
import { openPreferences } from "./composer/preferences.js";
import { openConnectionBanner } from "./connection/connection_banner.js";
import { openSendQueue } from "./connection/send_queue.js";
import { connect } from "./connection/socket.js";
import { openTabChannel } from "./connection/tab_channel.js";
import { find } from "./lib/dom.js";
import { showError } from "./lib/error_notice.js";
import { codeWord, word } from "./lib/words.js";
import { openPalette } from "./sidebar/command_palette.js";
import { watchConversations } from "./sidebar/conversation_pages.js";
import { openNavigation } from "./sidebar/navigation.js";
import { listCommands } from "./sidebar/palette_commands.js";
import { openSharing } from "./sidebar/sharing.js";
import { bindShortcuts } from "./sidebar/shortcuts.js";
import { openSidebar } from "./sidebar/sidebar.js";
import { openFeed } from "./state/turn_feed.js";
import { openPending } from "./transcript/pending_prompts.js";
import { openTranscript } from "./transcript/transcript.js";

/** @import { ServerMessage } from "./connection/events.js" */

const shell = find(document, ".shell");
const { conversation, enter } = openNavigation(shell);
const feed = openFeed();
const outbox = openSendQueue(() => connection);
const promptLimit = Number(shell.dataset.promptLimit) || 20_000;
const pending = openPending(conversation, () => composer.text());
const wishes = openPreferences();
let firstTurn = "";
const sidebar = openSidebar(conversation);

const transcript = openTranscript(feed, {
  promptLimit,
  resend: (turn, prompt) => outbox.post({ type: "edit", turn, prompt }),
  regenerate: (turn) => outbox.post({ type: "regenerate", turn }),
  retry: (candidate) => sendNow({ type: "retry", candidate }),
  vote: (candidate) => sendNow({ type: "vote", candidate }),
  add: (turn, model) => sendNow({ type: "add", turn, model }),
  // What it tells is worth little alone: it is lost without a word when the line is down.
  signal: (candidate, kind) => connection.send({ type: "signal", candidate, kind }),
  showVersion: (version) => transcript.show(version),
  share: () => sharing.open(),
});

const composer = openComposer(promptLimit, {
  keep: (text) => saveDraft(conversation(), text),
  kept: () => readDraft(conversation()),
  send(prompt) {
    const command = { type: "open_turn", conversation: conversation() || null, prompt, ...wishes() };
    pending.show(outbox.post(command), prompt);
  },
  stop: () => stopTurns(),
  editLast: () => transcript.editLast(),
});

const sharing = openSharing(conversation);

/** @param {Record<string, unknown>} command that means nothing later: it is sent now or not at all */
function sendNow(command) {
  if (!connection.send(command)) showError(word("offline"));
}

/** @returns {boolean} whether there was anything to stop */
function stopTurns() {
  const running = feed.running();
  for (const turn of running) sendNow({ type: "stop", turn });
  return running.length > 0;
}

/** @param {string} turn */
const resume = (turn) => connection.send({ type: "resume", turn, after_seq: feed.seqOf(turn) });

const showBusy = () => composer.setBusy(feed.running().length > 0);

/** @type {{ [K in ServerMessage["type"]]: (message: Extract<ServerMessage, { type: K }>) => void }} */
const messageHandlers = {
  opened(message) {
    const command = outbox.settle(message.client_id, message.conversation);
    pending.settle(message.client_id);
    if (!conversation() && command?.type === "open_turn") {
      enter(message.conversation, composer.text());
      sharing.patch();
    }
    const prompt = String(command?.prompt ?? feed.read(message.replaces ?? "")?.prompt ?? "");
    show({ ...message, prompt });
    postToTabs({ ...message, prompt });
  },
  frame(message) {
    const taken = feed.applyFrame(message);
    if (taken === "gap") resume(message.turn);
    if (taken !== "applied") return;
    transcript.change(message.turn);
    // A later turn says what the conversation was called when it began.
    const title = message.turn === firstTurn && feed.read(firstTurn)?.title;
    if (title) sidebar.put(conversation(), title);
    showBusy();
  },
  refused(message) {
    const command = outbox.settle(message.client_id);
    pending.settle(message.client_id);
    showError(codeWord("refusal", message.code) || message.message || word("refusal.other"));
    // What somebody wrote is where they can change it and send it again.
    const isBack =
      command?.type === "edit" && transcript.editAgain(String(command.turn), String(command.prompt));
    if (command?.prompt && !isBack) composer.putBack(String(command.prompt));
  },
  voted: (message) => transcript.mark("voted", message.candidate),
  signalled({ candidate, kind }) {
    if (kind !== "continue") return;
    transcript.mark("continued", candidate);
    composer.focus();
  },
  pong() {},
};

/** @param {import("./connection/tab_channel.js").Opened} message */
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

const postToTabs = openTabChannel((message) => {
  show(message);
  if (message.conversation === conversation()) resume(message.turn);
});

const banner = openConnectionBanner(() => connection.isOpen());

const connection = connect(`${location.origin.replace(/^http/, "ws")}/ws/`, {
  onOpen() {
    banner.show("");
    outbox.resend();
    feed.running().forEach(resume);
  },
  onMessage(message) {
    const handle = /** @type {((message: ServerMessage) => void) | undefined} */ (
      messageHandlers[message.type]
    );
    handle?.(message);
  },
  onLost: banner.showLost,
});

const fresh = () => location.assign("/");
const palette = openPalette(listCommands({ fresh, toggleSidebar: sidebar.toggle }), watchConversations());
find(document, "[data-open-palette]").addEventListener("click", palette);
bindShortcuts({ palette, fresh, stop: stopTurns, focus: composer.focus });
showBusy();
// On a phone focus would raise the keyboard over the page.
if (matchMedia("(pointer: fine)").matches) composer.focus();
