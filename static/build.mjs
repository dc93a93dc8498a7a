// Bundles scripts and styles into static/dist: `npm run build`, or with --watch during development.
import { existsSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const exists = (/** @type {string} */ entry) => existsSync(join(here, entry));
const entries = [
  "js/admin/auto_refresh.js",
  "js/page.js",
  "js/shared.js",
  "js/device_page.js",
  "js/account.js",
  "js/portal.js",
  "js/charts.js",
  "js/admin.js",
  "css/fonts.css",
  "css/whole_font.css",
  "css/site.css",
  "css/page.css",
  "css/device.css",
  "css/formulas.css",
  "css/portal.css",
  "css/admin.css",
];

/** @type {import("esbuild").BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: entries.filter(exists),
  outbase: here,
  outdir: join(here, "dist"),
  bundle: true,
  splitting: true,
  format: "esm",
  minify: !process.argv.includes("--watch"),
  target: ["chrome123", "firefox120", "safari17.5"],
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
  chunkNames: "js/[name]-[hash]",
  legalComments: "none",
  logLevel: "warning",
};
// The theme is set before the first paint by a plain script, since modules wait for the document.
/** @type {import("esbuild").BuildOptions} */
const themeScript = { ...options, entryPoints: ["js/theme.js"], splitting: false, format: "iife" };

await rm(join(here, "dist"), { recursive: true, force: true });
for (const each of [options, themeScript]) {
  if (process.argv.includes("--watch")) await (await context(each)).watch();
  else await build(each);
}

// A worker fetches the WebAssembly engine, so it is copied as it is.
await mkdir(join(here, "dist/wasm"));
await copyFile(
  fileURLToPath(import.meta.resolve("@wllama/wllama/esm/wasm/wllama.wasm")),
  join(here, "dist/wasm/wllama.wasm"),
);
// The server draws the pictures of shared links with a font file of its own.
await mkdir(join(here, "dist/fonts"), { recursive: true });
await copyFile(
  join(here, "../node_modules/pretendard/dist/public/static/Pretendard-SemiBold.otf"),
  join(here, "dist/fonts/Pretendard-SemiBold.otf"),
);
