// Loaded before the first paint: a theme chosen earlier is set without a flash of the other one.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden: then the system's preference holds.
}
document.documentElement.classList.add("js");
