const dark = matchMedia("(prefers-color-scheme: dark)");

/** Light or dark: the system's choice until the button says otherwise. theme.js sets it before the first paint. */
export function startTheme() {
  const root = document.documentElement;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // Storage may be forbidden: the choice then holds for this page.
      }
    });
  }
}
