const TOAST_MILLISECONDS = 6000;

/** Say `text` in the live region: the page's, or the open dialog's, since the page behind a dialog is silent. */
export function announce(text) {
  const region = document.querySelector("dialog[open] [data-live]") ?? document.getElementById("live");
  if (!region || !text) return;
  region.textContent = "";
  // A screen reader hears a change; the same sentence twice is only a change when it was away for a moment.
  setTimeout(() => (region.textContent = text), 60);
}

/** Show `text` for a moment, and say it. */
export function toast(text) {
  const place = document.getElementById("toasts");
  if (!place || !text) return;
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = text;
  place.append(note);
  announce(text);
  setTimeout(() => note.remove(), TOAST_MILLISECONDS);
}

/** Texts the server sends along with an answer, and those for an answer that never came. */
export function startSpeech() {
  const on = (name, act) => document.body.addEventListener(name, act);
  on("announce", (event) => announce(event.detail.value));
  on("toast", (event) => toast(event.detail.value));
  const texts = document.getElementById("toasts")?.dataset ?? {};
  on("htmx:responseError", () => toast(texts.failed));
  on("htmx:sendError", () => toast(texts.offline));
  on("htmx:timeout", () => toast(texts.offline));
}
