// Keeps the estimate of an ad group's reach in step with what is typed; without this a button asks for it.
const PAUSE_MS = 800;
const form = document.querySelector("[data-estimated]");

/** @param {HTMLFormElement} typed */
const estimate = async (typed) => {
  const body = new FormData(typed);
  body.set("estimate", "yes");
  const answer = await fetch(typed.action || location.href, { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[data-reach]");
};

if (form instanceof HTMLFormElement) {
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const refresh = async () => {
    asked += 1;
    const mine = asked;
    const fresh = await estimate(form).catch(() => null);
    // What was typed meanwhile has its own answer under way. The section itself stays: only news within it is read out.
    if (fresh && mine === asked) form.querySelector("[data-reach]")?.replaceChildren(...fresh.childNodes);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  });
}
