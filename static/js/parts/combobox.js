import { announce } from "./speech.js";

/** The search field's suggestions after the ARIA combobox pattern. Without this, they are plain links in no list. */
export function startCombobox() {
  for (const root of document.querySelectorAll("[data-combobox]")) {
    const input = root.querySelector("input[type=search]");
    const list = root.querySelector(".suggestions");
    if (input && list) combobox(root, input, list);
  }
}

function combobox(root, input, list) {
  let options = [];
  let active = -1;

  const set = (name, value) => input.setAttribute(name, value);
  set("role", "combobox");
  set("aria-autocomplete", "list");
  set("aria-controls", list.id);
  list.setAttribute("role", "listbox");

  const mark = (index) => {
    options[active]?.removeAttribute("aria-selected");
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
  show(false);

  list.addEventListener("htmx:afterSwap", () => {
    options = [...list.querySelectorAll("a")];
    options.forEach((option, index) => {
      option.id ||= `${list.id}-${index}`;
      option.setAttribute("role", "option");
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
    show(options.length > 0 && document.activeElement === input);
    if (options.length) announce(list.dataset.found?.replace("{count}", options.length));
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
      show(false);
    } else if (event.key === "Enter" && options[active] && !list.hidden) {
      event.preventDefault();
      options[active].click();
    }
  });
  input.addEventListener("focus", () => options.length && input.value && show(true));
  input.addEventListener("input", () => input.value.trim() || show(false));
  root.addEventListener("focusout", (event) => root.contains(event.relatedTarget) || show(false));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
}
