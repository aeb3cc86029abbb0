// Dark or light: what the person chose, else what the system prefers.

const prefersLight = matchMedia("(prefers-color-scheme: light)");

export function applyTheme(chosen: "dark" | "light" | null): void {
  document.documentElement.dataset.theme = chosen ?? (prefersLight.matches ? "light" : "dark");
}

export function onSystemTheme(changed: () => void): void {
  prefersLight.addEventListener("change", changed);
}
