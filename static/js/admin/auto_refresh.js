// Reloads a page of the admin while a part of it waits for a result, until somebody edits its form.
const waiting = document.querySelector("[data-refresh-seconds]");
let isEdited = false;
document.addEventListener("input", () => {
  isEdited = true;
});

if (waiting instanceof HTMLElement) {
  const seconds = Number(waiting.dataset.refreshSeconds) || 2;
  setInterval(() => {
    if (!isEdited && !document.hidden) location.reload();
  }, seconds * 1000);
}
