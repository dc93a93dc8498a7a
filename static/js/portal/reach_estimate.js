// Updates the reach estimate of an ad group while its form is filled in; without scripts a button requests it.
const PAUSE_MS = 800;
const form = document.querySelector("[data-estimated]");

/** @param {HTMLFormElement} source */
const estimate = async (source) => {
  const body = new FormData(source);
  body.set("estimate", "yes");
  const response = await fetch(source.action || location.href, { method: "POST", body });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector("[data-reach]");
};

if (form instanceof HTMLFormElement) {
  let latest = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const refresh = async () => {
    latest += 1;
    const own = latest;
    const section = await estimate(form).catch(() => null);
    // A later request replaces this one. The section itself stays, so that screen readers announce only the change.
    if (section && own === latest) form.querySelector("[data-reach]")?.replaceChildren(...section.childNodes);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  });
}

export {};
