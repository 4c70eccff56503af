import { announce } from "./speech.js";

/**
 * The search field's suggestions after the ARIA combobox pattern. Without this, they are plain links in no list.
 * HTMX asks when somebody pauses and drops a question when the next one is asked; an answer that is late all the same
 * is not shown.
 */
export function startCombobox(htmx) {
  for (const root of document.querySelectorAll("[data-combobox]")) {
    const input = root.querySelector("input[type=search]");
    const list = root.querySelector(".suggestions");
    if (input && list) combobox(htmx, input, list);
  }
}

function combobox(htmx, input, list) {
  let options = [];
  let active = -1;
  let wanted = true; // whether an answer under way may still open the list

  const set = (name, value) => input.setAttribute(name, value);
  set("role", "combobox");
  set("aria-autocomplete", "list");
  set("aria-controls", list.id);
  list.setAttribute("role", "listbox");

  const mark = (index) => {
    options[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = options[active];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      set("aria-activedescendant", option.id);
    } else input.removeAttribute("aria-activedescendant");
  };
  const show = (open) => {
    list.hidden = !open;
    set("aria-expanded", String(open));
    if (!open) mark(-1);
  };
  const close = () => {
    wanted = false;
    htmx.trigger(input, "htmx:abort");
    show(false);
  };
  show(false);

  list.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const asked = new URL(detail.xhr.responseURL || location.href).searchParams.get("q");
    if (asked !== input.value) detail.shouldSwap = false;
  });

  list.addEventListener("htmx:afterSwap", () => {
    options = [...list.querySelectorAll("a")];
    options.forEach((option, index) => {
      option.id ||= `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.tabIndex = -1;
    });
    for (const group of list.querySelectorAll(".suggestions__group")) {
      group.setAttribute("role", "group");
      const title = group.querySelector(".suggestions__title");
      if (title?.id) group.setAttribute("aria-labelledby", title.id);
    }
    for (const plain of list.querySelectorAll("ul, li")) {
      plain.setAttribute("role", "none");
      plain.removeAttribute("aria-labelledby"); // the group around it has the name now; a list that is none has none
    }
    active = -1;
    const open = wanted && options.length > 0 && document.activeElement === input;
    show(open);
    if (open) announce(list.dataset.found?.replace("{count}", options.length));
  });

  input.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move && options.length) {
      event.preventDefault();
      if (list.hidden) show(true);
      // One step before the first option and one after the last is the field itself.
      mark(((active + 1 + move + options.length + 1) % (options.length + 1)) - 1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && options[active] && !list.hidden) {
      event.preventDefault();
      options[active].click();
    }
  });
  input.addEventListener("focus", () => options.length && input.value && show(true));
  input.addEventListener("input", () => {
    wanted = true;
    if (!input.value.trim()) show(false);
  });
  input.form?.addEventListener("submit", close);
  input.addEventListener("blur", () => show(false));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
}
