/** The cart drawer and other dialogs. The browser's own <dialog> keeps the focus inside and gives it back. */
export function startDialogs(htmx) {
  const open = (dialog) => {
    if (dialog && !dialog.open) dialog.showModal();
  };
  const openDrawer = async (dialog) => {
    const { source } = dialog.dataset;
    open(dialog);
    if (source) await htmx.ajax("GET", source, { target: `#${dialog.id}-body`, swap: "outerHTML" });
  };

  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open) return closeByBackdrop(event);
    const opener = event.target.closest?.("a[data-opens], [data-dialog]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const dialog = document.getElementById(opener.dataset.opens ?? opener.dataset.dialog);
    if (!dialog) return;
    event.preventDefault();
    if (opener.dataset.opens) openDrawer(dialog);
    else open(dialog);
  });

  // A form that opens a dialog has just filled it with its own answer.
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail;
    const id = elt.tagName === "FORM" && elt.dataset.opens;
    // A refusal is no failure to htmx, but it is said on the page, which a dialog would cover.
    if (id && xhr.status < 400) open(document.getElementById(id));
  });
  document.body.addEventListener("open-drawer", () => {
    const drawer = document.getElementById("cart-drawer");
    if (drawer) openDrawer(drawer);
  });
}

function closeByBackdrop(event) {
  const box = event.target.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside && event.detail) event.target.close(); // detail 0: a click by keyboard has no place
}
