// Makes dist/console.js and dist/console.css out of src/, prints what they weigh packed, and fails
// where that is more than their budget.
import { build } from "esbuild";
import { mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder = (name) => fileURLToPath(new URL(name, import.meta.url));
const BUDGETS = { "console.js": 40 * 1024, "console.css": 8 * 1024 };

await rm(folder("dist"), { recursive: true, force: true });
await mkdir(folder("dist"));
await build({
  entryPoints: [folder("src/console.tsx"), folder("src/console.css")],
  outdir: folder("dist"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "dataurl" },
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});

for (const [name, most] of Object.entries(BUDGETS)) {
  const bytes = await readFile(folder(`dist/${name}`));
  const packed = gzipSync(bytes, { level: 9 }).length;
  console.log(`${name}: ${bytes.length} bytes, ${packed} packed; ${most} are the most`);
  if (packed > most) {
    console.error(`${name} weighs more than its budget: take something out of it`);
    process.exitCode = 1;
  }
}
