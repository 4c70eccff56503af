const RELEASE_MILLISECONDS = 10000;

/** Forms: sent once, asked about first where it matters, sent on change where they say so. */
export function startForms() {
  document.addEventListener("submit", refuseTwice, true);
  document.addEventListener("submit", askFirst, true);
  document.addEventListener("submit", (event) => {
    // HTMX has prevented the default by now and reports on its own request below.
    if (!event.defaultPrevented && event.target.method !== "dialog") hold(event.target, event.submitter);
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const { triggeringEvent } = event.detail.requestConfig;
    if (triggeringEvent?.type === "submit") hold(event.target, triggeringEvent.submitter);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => release(event.detail.elt));
  addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach(release));

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-autosubmit]")) form.requestSubmit();
  });
  // Runs for plain submits and for HTMX alike: empty fields stay out of the address.
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("[data-clean-query]")) return;
    for (const name of [...event.formData.keys()]) {
      const values = event.formData.getAll(name).filter((value) => value !== "");
      event.formData.delete(name);
      for (const value of values) event.formData.append(name, value);
    }
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) await navigator.clipboard.writeText(button.dataset.copy);
  });
  focusMarked(document);
}

/** Put the focus where the server says it belongs, such as on the summary of what was wrong. */
export function focusMarked(root) {
  const marked = root.querySelector("[data-focus]");
  marked?.focus();
  return Boolean(marked);
}

function refuseTwice(event) {
  if (!event.target.matches("[data-busy]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function hold(form, button) {
  if (!(form instanceof HTMLFormElement)) return;
  form.dataset.busy = "";
  button?.setAttribute("aria-disabled", "true");
  button?.classList.add("is-busy");
  setTimeout(release, RELEASE_MILLISECONDS, form); // a download leaves the page where it is
}

function release(form) {
  if (!(form instanceof HTMLFormElement)) return;
  delete form.dataset.busy;
  for (const button of form.querySelectorAll(".is-busy")) {
    button.removeAttribute("aria-disabled");
    button.classList.remove("is-busy");
  }
}

function askFirst(event) {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed !== undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = document.getElementById("confirm-dialog");
  dialog.querySelector("[data-question]").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener(
    "close",
    () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "";
      form.requestSubmit(event.submitter);
      delete form.dataset.confirmed;
    },
    { once: true },
  );
}
