import { focusMarked } from "./forms.js";

/**
 * What a person had open, focused and scrolled stays so when HTMX puts a fresh piece in its place.
 * Elements are recognised by their id.
 */
export function startSwaps() {
  let kept = null;
  const on = (name, act) => document.body.addEventListener(name, act);

  on("htmx:beforeRequest", ({ detail }) => detail.target.id !== "suggestions" && detail.target.classList.add("is-loading"));
  // An answer may have chosen another target (a refusal does): what was dimmed is the one that was asked for.
  on("htmx:afterRequest", ({ detail }) => detail.requestConfig.target.classList.remove("is-loading"));

  on("htmx:beforeSwap", ({ detail }) => {
    const { target, xhr } = detail;
    // An error page of ours comes with a place of its own; one of a proxy in between does not, and is not swapped in.
    if (xhr.status >= 500 && xhr.getResponseHeader("HX-Retarget")) detail.shouldSwap = true;
    const focused = document.activeElement;
    kept = {
      id: target.id,
      hadFocus: target.contains(focused),
      focusId: focused?.id,
      folds: new Map([...target.querySelectorAll("details[id]")].map((fold) => [fold.id, fold.open])),
      panels: [...target.querySelectorAll("[data-keep-open]")]
        .filter((panel) => panel.matches(":popover-open"))
        .map((panel) => [panel.id, panel.scrollTop]),
    };
  });

  on("htmx:afterSwap", () => {
    if (!kept) return;
    for (const [id, wasOpen] of kept.folds) {
      const fold = document.getElementById(id);
      if (fold) fold.open = wasOpen;
    }
    for (const [id, scrollTop] of kept.panels) {
      const panel = document.getElementById(id);
      if (panel && !panel.matches(":popover-open")) {
        panel.showPopover();
        panel.scrollTop = scrollTop;
      }
    }
  });

  on("htmx:afterSettle", () => {
    if (!kept) return;
    const { id, hadFocus, focusId } = kept;
    kept = null;
    const piece = id && document.getElementById(id);
    if (!piece || focusMarked(piece) || !hadFocus || document.activeElement !== document.body) return;
    const again = focusId && document.getElementById(focusId);
    if (again) again.focus({ preventScroll: true });
    if (document.activeElement !== document.body) return;
    // What had the focus is gone (a removed line, a page of results): the piece itself takes it.
    piece.tabIndex = -1;
    piece.focus({ preventScroll: true });
  });
}
