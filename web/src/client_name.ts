// What a User-Agent comes to in words: "Chrome 142 on Linux"; programs keep their own name.

const BROWSERS: [RegExp, string][] = [
  [/Edg\/(\d+)/, "Edge"],
  [/OPR\/(\d+)/, "Opera"],
  [/Firefox\/(\d+)/, "Firefox"],
  [/Chrome\/(\d+)/, "Chrome"],
  [/Version\/(\d+).*Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

export function clientName(agent: string): string {
  const browser = BROWSERS.map(([form, name]) => ({ name, version: form.exec(agent)?.[1] })).find(
    ({ version }) => version,
  );
  if (!browser) return agent || "Unknown";
  const system = SYSTEMS.find(([form]) => form.test(agent))?.[1];
  return `${browser.name} ${browser.version}${system ? ` on ${system}` : ""}`;
}
