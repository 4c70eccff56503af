// The assistant's panel on every page, and the talk in it and on /chat. Loaded at the first sign of interest.
// Forms are HTMX's; what is here: opening and closing, the stream of an answer, the field's keys.
const REMEMBER = "chat-open";
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
const GIVE_UP_AFTER = 8;
const MARGIN = 12; // pixels, as the next one
const LONGEST_QUESTION = 160;
const htmx = window.htmx;
const phone = matchMedia("(max-width: 40rem)");

const byId = (id) => document.getElementById(id);
const say = (value) => document.body.dispatchEvent(new CustomEvent("announce", { detail: { value } }));

/* -- the stream of an answer ----------------------------------------------------------------------------- */

/** Shows an answer while it is made. The one connection of a page: it is closed with the answer's last event. */
function listen(bubble) {
  const { stream } = bubble.dataset;
  let last = "";
  let failures = 0;
  const connect = () => {
    if (!bubble.isConnected) return;
    const source = new EventSource(last ? `${stream}?after=${encodeURIComponent(last)}` : stream);
    source.addEventListener("part", (event) => {
      if (!bubble.isConnected) return source.close(); // a new conversation was begun meanwhile
      last = event.lastEventId;
      failures = 0;
      put(bubble, event.data);
    });
    source.addEventListener("done", (event) => {
      source.close();
      finish(bubble, event.data);
    });
    source.addEventListener("error", () => {
      // The browser comes back by itself, and says where it was, unless the answer was an error page.
      if (source.readyState !== EventSource.CLOSED || !bubble.isConnected) return;
      failures += 1;
      if (failures > GIVE_UP_AFTER) return;
      setTimeout(connect, Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE));
    });
  };
  busy(true);
  connect();
}

/** Puts pieces of an answer where they belong: in place of what has their id, else at the end of their slot. */
function put(bubble, html) {
  const pieces = document.createElement("template");
  pieces.innerHTML = html;
  keepInView(() => {
    for (const piece of [...pieces.content.children]) {
      const { into, announce } = piece.dataset;
      const known = piece.id && byId(piece.id);
      if (announce) say(announce);
      else if (known) known.replaceWith(piece);
      else bubble.querySelector(`[data-slot="${into}"]`)?.append(piece);
      htmx.process(piece);
    }
  }, bubble);
}

/** The finished answer moves into the log, which is how a screen reader hears it: once, and whole. */
function finish(bubble, html) {
  const whole = document.createElement("template");
  whole.innerHTML = html;
  const answer = whole.content.firstElementChild;
  keepInView(() => {
    const focused = document.activeElement;
    const hadFocus = bubble.contains(focused) && focused.id;
    const stopped = focused?.id === "chat-stop"; // it goes with the answer: the focus moves on to the field
    bubble.remove();
    byId("chat-log").append(answer);
    htmx.process(answer);
    if (hadFocus || stopped) byId(hadFocus || "chat-text")?.focus();
  }, answer);
  busy(false);
}

/** Follow what is new, as long as the reader is at the end, and never past the beginning of the answer. */
function keepInView(change, bubble) {
  const box = byId("chat-scroll");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 120;
  change();
  if (!atEnd) return;
  const top = (element) => element.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
  const question = [...box.querySelectorAll(".bubble--shopper")].at(-1) ?? bubble;
  box.scrollTop = Math.max(top(question) - MARGIN, top(bubble) - LONGEST_QUESTION);
}

function busy(isBusy) {
  const status = byId("chat-status");
  if (status) status.textContent = isBusy ? status.dataset.busy : status.dataset.idle;
}

/* -- the talk: field, forms ------------------------------------------------------------------------------ */

function start(root) {
  for (const bubble of root.querySelectorAll("[data-stream]")) listen(bubble);
}

function toEnd() {
  const box = byId("chat-scroll");
  if (box) box.scrollTop = box.scrollHeight;
}

function startTalk(host) {
  host.addEventListener("keydown", (event) => {
    const isSend = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.id === "chat-text";
    if (!isSend) return;
    event.preventDefault();
    // While an answer is made there is nothing to send with; the text waits.
    if (!host.querySelector("[data-stream]")) event.target.form.requestSubmit();
  });
  host.addEventListener("htmx:beforeSwap", ({ detail }) => {
    // What a product's button has to say is said here, not at the top of a page that the panel may cover.
    if (detail.target.id === "flash") detail.target = byId("chat-problem");
  });
  host.addEventListener("htmx:afterRequest", ({ detail }) => {
    const form = detail.elt;
    // A refusal is swapped in like an answer, and HTMX calls it a success: the text stays where it was typed.
    if (!detail.successful || detail.xhr.status >= 400 || !(form instanceof HTMLFormElement)) return;
    if (form.matches("[data-compose]")) {
      form.reset();
      byId("chat-text").value = "";
    }
    if (form.dataset.done) form.querySelector("[data-label]").textContent = form.dataset.done;
  });
  host.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id === "chat-log") host.querySelector(".chat-suggestions")?.remove();
  });
  host.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target.id === "chat-log") {
      toEnd();
      start(byId("chat-running"));
    }
    if (detail.elt.id === "chat-talk") byId("chat-text").focus();
  });
}

/* -- the panel ------------------------------------------------------------------------------------------- */

function startPanel(host) {
  const panel = byId("chat-panel");
  const launcher = byId("chat-launcher");
  let loaded = null;

  launcher.setAttribute("role", "button");
  launcher.setAttribute("aria-controls", panel.id);
  const show = (open) => {
    panel.hidden = !open;
    launcher.hidden = open;
    launcher.setAttribute("aria-expanded", String(open));
    remember(open);
  };
  const load = () =>
    (loaded ??= htmx
      .ajax("GET", panel.dataset.source, { source: panel, target: "#chat-panel-body", swap: "innerHTML" })
      .then(() => {
        toEnd();
        start(panel);
      }));
  const open = async () => {
    show(true);
    byId("chat-close").focus();
    await load();
    if (!panel.hidden && panel.contains(document.activeElement)) byId("chat-text")?.focus();
  };
  const close = () => {
    show(false);
    launcher.focus();
  };

  launcher.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  launcher.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    open();
  });
  byId("chat-close").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    close();
  });
  launcher.setAttribute("aria-expanded", "false");
  // Where the panel covers the page, following a link out of it means to see that page.
  if (host.dataset.remember && isRemembered() && !phone.matches) {
    show(true);
    load();
  }
}

function remember(open) {
  try {
    if (open) sessionStorage.setItem(REMEMBER, "1");
    else sessionStorage.removeItem(REMEMBER);
  } catch {
    // Storage may be forbidden: the panel is then closed on the next page.
  }
}

function isRemembered() {
  try {
    return Boolean(sessionStorage.getItem(REMEMBER));
  } catch {
    return false;
  }
}

for (const host of document.querySelectorAll("[data-chat]")) {
  startTalk(host);
  if (byId("chat-panel")) startPanel(host);
  else {
    start(host);
    if (location.hash === "#latest") toEnd();
  }
}
