import { openComposer } from "./composer/composer.js";
import { readDraft, saveDraft } from "./composer/draft.js";
import { openFollowChip } from "./composer/follow_chip.js";
import { openPreferences } from "./composer/preferences.js";
import { countHistory, reportRoom } from "./composer/prompt_room.js";
import { buildWriteOn } from "./composer/write_on.js";
import { openConnectionBanner } from "./connection/connection_banner.js";
import { openSendQueue } from "./connection/send_queue.js";
import { connect } from "./connection/socket.js";
import { openTabChannel } from "./connection/tab_channel.js";
import { announce } from "./lib/announcer.js";
import { find } from "./lib/dom.js";
import { showError } from "./lib/error_notice.js";
import { fetchPage } from "./lib/fetch_page.js";
import { focusPrompt } from "./lib/focus.js";
import { translate, translateCode } from "./lib/messages.js";
import { renderPlainTexts } from "./markdown/plain_markdown.js";
import { openAccountMenu } from "./sidebar/account_menu.js";
import { openPalette } from "./sidebar/command_palette.js";
import { openConversationList } from "./sidebar/conversation_list.js";
import { watchConversations } from "./sidebar/conversation_pages.js";
import { openDayUse } from "./sidebar/day_use.js";
import { openNavigation } from "./sidebar/navigation.js";
import { listCommands } from "./sidebar/palette_commands.js";
import { openSharing } from "./sidebar/sharing.js";
import { bindShortcuts } from "./sidebar/shortcuts.js";
import { openSidebar } from "./sidebar/sidebar.js";
import { openFeed } from "./state/turn_feed.js";
import { applyFeedback } from "./transcript/feedback.js";
import { openPendingPrompts } from "./transcript/pending_prompts.js";
import { openTranscript } from "./transcript/transcript.js";

/** @import { FeedbackMessage, ServerMessage } from "./connection/events.js" */

const shell = find(document, ".shell");
const promptLimit = Number(shell.dataset.promptLimit);
// Before the turns, which are scrolled to where they then are.
renderPlainTexts(document);
const { conversation, enter, showAddress } = openNavigation(shell);
const feed = openFeed();
const sendQueue = openSendQueue(() => connection);
const pending = openPendingPrompts(conversation, () => composer.text());
const preferences = openPreferences(() => composer.measure());
const conversationList = openConversationList(conversation);
const sharing = openSharing(conversation, () => transcript.leaf());
const dayUse = openDayUse();
/** The first turn of the conversation, when this page saw it open: its title names the conversation. */
let firstTurn = "";

const transcript = openTranscript(feed, {
  promptLimit,
  // A changed prompt is asked of the models of its turn, which may be any.
  measureRoom: (prompt) =>
    reportRoom(
      prompt,
      0,
      preferences.rooms().map((each) => ({ ...each, isChosen: false })),
    ),
  resend: (turn, prompt) => sendQueue.post({ type: "edit", turn, prompt }),
  regenerate: (turn) => sendQueue.post({ type: "regenerate", turn }),
  retry: (candidate) => sendNow({ type: "retry", candidate }),
  vote: (candidate) => sendNow({ type: "vote", candidate }),
  add: (turn, model) => sendNow({ type: "add", turn, model }),
  rate: (turn, verdict, more) => sendNow({ type: "rate", turn, verdict, ...more }),
  follow: (turn, candidate) => sendNow({ type: "follow", turn, candidate: candidate || null }),
  finish: (turn, candidate) => sendNow({ type: "stop", turn, candidate }),
  // A signal is of little value alone: without a connection it is lost silently.
  signal: (candidate, kind) => connection.send({ type: "signal", candidate, kind }),
  showVersion: (version) => showBranch(version),
  followFrom,
  continueWriting(turn) {
    const state = feed.read(turn);
    if (!state) return;
    askNext({ parent: turn, ...buildWriteOn(state, transcript.continuedOf(turn), preferences.offers) });
    // The button is hidden on a turn that has another one below it.
    focusPrompt();
  },
  share: sharing.open,
});

const composer = openComposer(promptLimit, {
  saveDraft: (text) => saveDraft(conversation(), text),
  readDraft: () => readDraft(conversation()),
  reportRoom: (prompt) => reportRoom(prompt, countHistory(transcript.exchanges()), preferences.rooms()),
  send: (prompt) => askNext({ parent: transcript.parent() || null, prompt, ...preferences.read() }),
  stop: () => stopTurns(),
  editLast: () => transcript.editLast(),
});

const followChip = openFollowChip((followed) => {
  if (followed.kind === "candidate") sendNow({ type: "follow", turn: followed.turn, candidate: null });
  else if (followed.kind === "version") showBranch(followed.turn);
  else followFrom("");
});

/** @param {{ parent: string | null, prompt: string, strategy: string, panel: string[] | null }} request */
function askNext(request) {
  const command = { type: "open_turn", conversation: conversation() || null, ...request };
  pending.show(sendQueue.post(command), request.prompt);
}

/** @param {string} turn that the next prompt follows; "" for the last one */
function followFrom(turn) {
  transcript.followFrom(turn);
  showComposer();
  composer.measure();
  composer.focus();
}

/** @param {Record<string, unknown>} command without meaning later: it is sent now or not at all */
function sendNow(command) {
  if (!connection.send(command)) showError(translate("offline"));
}

/** @returns {boolean} whether an answer was not settled */
function stopTurns() {
  const running = transcript.answering();
  for (const turn of running) sendNow({ type: "stop", turn });
  return running.length > 0;
}

/** @param {string} turn */
const resume = (turn) => connection.send({ type: "resume", turn, after_seq: feed.seqOf(turn) });

/** Show what the next prompt follows, and whether there is something to stop. */
function showComposer() {
  composer.setBusy(transcript.answering().length > 0);
  followChip.show(transcript.followed(new URLSearchParams(location.search).has("at")));
}

/** @param {string} version show the newest branch through it */
async function showBranch(version) {
  const page = await fetchPage(`/c/${conversation()}/?at=${version}`);
  if (!page) return showError(translate("offline"));
  transcript.showBranch(version, page);
  transcript.running().forEach(resume);
  showAddress(version);
  showComposer();
  composer.measure();
}

/** @type {{ [K in ServerMessage["type"]]: (message: Extract<ServerMessage, { type: K }>) => void }} */
const messageHandlers = {
  opened(message) {
    const command = sendQueue.settle(message.client_id, message);
    pending.settle(message.client_id);
    dayUse.count();
    if (!conversation() && command?.type === "open_turn") {
      enter(message.conversation, composer.text());
      sharing.patch();
    }
    const prompt = String(command?.prompt ?? feed.read(message.replaces ?? "")?.prompt ?? "");
    const isShown = showOpened({ ...message, prompt });
    if (!isShown && message.conversation === conversation()) showBranch(message.turn);
    postToTabs({ ...message, prompt });
  },
  frame(message) {
    const outcome = feed.applyFrame(message);
    if (outcome === "gap") resume(message.turn);
    if (outcome !== "applied") return;
    transcript.redraw(message.turn);
    // Later turns repeat the title that the conversation got at its beginning.
    const title = message.turn === firstTurn && feed.read(firstTurn)?.title;
    if (title) conversationList.put(conversation(), title);
    showComposer();
  },
  refused(message) {
    const command = sendQueue.settle(message.client_id);
    pending.settle(message.client_id);
    if (message.code === "quota_reached") dayUse.refresh();
    showError(translateCode("refusal", message.code) || message.message || translate("refusal.other"));
    // The refused text goes back to where it can be changed and sent again.
    const isEditing =
      command?.type === "edit" && transcript.editAgain(String(command.turn), String(command.prompt));
    if (command?.prompt && !isEditing) composer.putBack(String(command.prompt));
  },
  voted: (message) => showFeedback(message),
  rated(message) {
    showFeedback(message);
    announce(translate(message.verdict ? "rated_thanks" : "rating_removed"));
  },
  followed(message) {
    showFeedback(message);
    composer.focus();
  },
  signalled(message) {
    showFeedback(message);
    if (message.kind === "continue") composer.focus();
  },
  pong() {},
};

/** @param {import("./connection/tab_channel.js").Opened} message @returns {boolean} false if it is not on screen */
function showOpened({ turn, conversation: openedIn, number, parent, replaces, prompt = "" }) {
  if (openedIn !== conversation()) return false;
  feed.start(turn, prompt);
  const isShown = transcript.place({ turn, parent, replaces });
  if (isShown) showAddress("");
  transcript.redraw(turn);
  if (number === 1) firstTurn = turn;
  conversationList.put(openedIn, number === 1 ? prompt : "");
  showComposer();
  return isShown;
}

/** @param {FeedbackMessage} message show it here and in the other tabs of this browser */
function showFeedback(message) {
  applyFeedback(transcript, message);
  showComposer();
  postToTabs(message);
}

const postToTabs = openTabChannel((message) => {
  if (message.type !== "opened") {
    applyFeedback(transcript, message);
    return showComposer();
  }
  showOpened(message);
  if (message.conversation === conversation()) resume(message.turn);
});

const banner = openConnectionBanner(() => connection.isOpen());

const connection = connect(`${location.origin.replace(/^http/, "ws")}/ws/`, {
  onOpen() {
    banner.hide();
    sendQueue.resend();
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

openAccountMenu(dayUse.refresh);
const startNew = () => location.assign("/");
const commands = listCommands({ startNew, toggleSidebar: openSidebar() });
const showPalette = openPalette(commands, watchConversations());
find(document, "[data-open-palette]").addEventListener("click", showPalette);
bindShortcuts({ openPalette: showPalette, startNew, stop: stopTurns, focusComposer: composer.focus });
showComposer();
// On a touch screen, focus would open the keyboard over the page.
if (matchMedia("(pointer: fine)").matches) composer.focus();
