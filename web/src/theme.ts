// Light, dark, or as the system has it. The server reads the cookie, so that no page flashes.

export type Theme = "system" | "light" | "dark";
const YEAR_SECONDS = 31_536_000;

export function themeNow(): Theme {
  const set = document.documentElement.dataset["theme"];
  return set === "light" || set === "dark" ? set : "system";
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
}
