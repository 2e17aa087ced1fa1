// Debian's browser without a window, which takes half the time of the one with windows.
import { chromium } from "playwright-core";

export function startBrowser() {
  const executablePath = process.env.TRENDGATE_CHROMIUM ?? "/usr/bin/chromium-headless-shell";
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
