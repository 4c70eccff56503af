/**
 * Bundles that only some visits need (the chat): loaded at the first sign of interest, when seen, or at once.
 *
 *   <div data-module="/static/dist/chat.….js" data-module-css="…" data-load="interaction|visible|now" data-remember="chat-open">
 *
 * data-remember: a key of the session storage; when it is set, an earlier page of this visit has used the bundle, and
 * it is loaded at once. A click that comes before the bundle is there is given again once it is.
 */
export function startModules() {
  for (const host of document.querySelectorAll("[data-module]")) {
    let loading = null;
    let ready = false;
    const load = () => (loading ??= fetchBundle(host.dataset).then(() => (ready = true)));
    const when = host.dataset.load ?? "now";

    if (when === "now" || remembered(host.dataset.remember)) load();
    else if (when === "visible") {
      const watcher = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watcher.disconnect();
        load();
      });
      watcher.observe(host);
    } else {
      for (const name of ["pointerover", "focusin"]) host.addEventListener(name, load, { once: true });
      host.addEventListener("click", (event) => {
        const opener = event.target.closest("a, button");
        if (ready || !opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        const follow = () => opener.click();
        load().then(follow, () => opener.href && location.assign(opener.href));
      });
    }
  }
}

function remembered(key) {
  try {
    return Boolean(key && sessionStorage.getItem(key));
  } catch {
    return false;
  }
}

function fetchBundle({ module, moduleCss }) {
  const add = (tag, attributes) =>
    new Promise((resolve, reject) => {
      const element = Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: reject });
      document.head.append(element);
    });
  return Promise.all([add("script", { src: module }), moduleCss && add("link", { rel: "stylesheet", href: moduleCss })]);
}
