const TOAST_MILLISECONDS = 6000;
const SILENCE_MILLISECONDS = 80;

/** Say `text` in the live region: the page's, or the open dialog's, since the page behind a dialog is silent. */
export function announce(text) {
  if (!text) return;
  const region = () => document.querySelector("dialog[open] [data-live]") ?? document.getElementById("live");
  region()?.replaceChildren();
  // A screen reader hears a change: the same sentence twice is only one when it was away for a moment. And the answer
  // that brings the sentence may open a dialog right after it: the region is chosen then.
  setTimeout(() => region()?.replaceChildren(text), SILENCE_MILLISECONDS);
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
