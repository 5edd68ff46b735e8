// Light or dark: as the system says, until the agent says otherwise. A bundle
// of its own, loaded before the page is drawn, so that nothing flashes.

const key = "careline.theme";
type Theme = "light" | "dark";

function system(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // storage is shut off: the system decides
  }
}

function apply(): void {
  const theme = chosen() ?? system();
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  if (button) {
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", theme === "dark" ? "Light colours" : "Dark colours");
  }
}

apply();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
document.addEventListener("DOMContentLoaded", () => {
  apply();
  document.getElementById("theme")?.addEventListener("click", () => {
    const next: Theme = (chosen() ?? system()) === "dark" ? "light" : "dark";
    try {
      if (next === system()) localStorage.removeItem(key);
      else localStorage.setItem(key, next);
    } catch {
      document.documentElement.dataset.theme = next;
      return;
    }
    apply();
  });
});

export {};
