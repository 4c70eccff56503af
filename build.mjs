// Builds static/dist from static/css, static/js, static/icons and the packages of package.json.
//
//   node build.mjs           once, minified, with .br and .gz beside each text file
//   node build.mjs --watch   again after each change
//
// Every static/js/*.js and static/css/*.css is an entry of its own (app, theme, chat, admin); what they share lies in
// folders below. File names carry a hash of their content; manifest.json says which name stands for what, and is
// written last, so that a running shop never reads of a file that is not there yet.

import { createHash } from "node:crypto";
import { existsSync, watch } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const SOURCE = "static";
const OUTPUT = join(SOURCE, "dist");
const PUBLIC_PATH = "/static/dist";
const MANIFEST = join(OUTPUT, "manifest.json");
const DISPLAY_FONT = "besley-latin-600-normal.woff2";
// What papers are set in (providers/typesetting.py): whole faces, of which each paper embeds the letters it uses.
const PAPER_FONTS = [
  "@expo-google-fonts/besley/600SemiBold/Besley_600SemiBold.ttf",
  "@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf",
  "@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf",
];
const STAND_ALONE_ICONS = new Set(["chevron.svg", "favicon.svg", "star.svg"]);

const filesIn = async (folder, ending) =>
  (await readdir(join(SOURCE, folder), { withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(SOURCE, folder, entry.name))
    .sort();

const fingerprinted = (name, content) => {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const dot = name.lastIndexOf(".");
  return `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
};

/** All icons in one file, each a <symbol> named like its file. */
async function sprite() {
  const symbols = [];
  for (const path of await filesIn("icons", ".svg")) {
    if (STAND_ALONE_ICONS.has(basename(path))) continue;
    const text = await readFile(path, "utf8");
    const parts = /<svg[^>]*viewBox="([^"]+)"[^>]*>([\s\S]*)<\/svg>/.exec(text);
    if (!parts) throw new Error(`${path}: an icon needs one <svg> with a viewBox`);
    const body = parts[2].replace(/\s*\n\s*/g, "").trim();
    symbols.push(`<symbol id="${basename(path, ".svg")}" viewBox="${parts[1]}">${body}</symbol>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

/** htmx ships a script for <script src>, smaller than its module through our minifier: give it an export. */
const htmxAsModule = {
  name: "htmx-as-module",
  setup(build) {
    build.onLoad({ filter: /htmx\.org[\\/]dist[\\/]htmx\.min\.js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, "utf8")}\nexport default htmx;`,
      loader: "js",
    }));
  },
};

async function bundle() {
  const result = await esbuild.build({
    entryPoints: [...(await filesIn("js", ".js")), ...(await filesIn("css", ".css"))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    target: ["es2022", "chrome120", "firefox121", "safari17.4"],
    legalComments: "none",
    outdir: OUTPUT,
    entryNames: "[name].[hash]",
    assetNames: "[name].[hash]",
    publicPath: PUBLIC_PATH,
    plugins: [htmxAsModule],
    loader: { ".woff2": "file", ".svg": "file" },
    logLevel: "warning",
  });
  const named = new Map();
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    const inputs = Object.keys(output.inputs);
    const source = basename(output.entryPoint ?? inputs[0]);
    named.set(basename(path), source === DISPLAY_FONT ? "display.woff2" : source);
  }
  const own = (path) => !path.includes("node_modules");
  const ownBytes = Object.values(result.metafile.outputs)
    .find((output) => output.entryPoint?.endsWith("js/app.js"));
  return {
    files: result.outputFiles.map((file) => {
      const file_name = basename(file.path);
      return { name: named.get(file_name), file: file_name, content: Buffer.from(file.contents) };
    }),
    ownShare: ownBytes
      ? Object.entries(ownBytes.inputs).filter(([path]) => own(path)).reduce((sum, [, input]) => sum + input.bytesInOutput, 0)
      : 0,
  };
}

async function write(file, content) {
  const path = join(OUTPUT, file);
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}

async function previousFiles() {
  if (!existsSync(MANIFEST)) return [];
  return Object.values(JSON.parse(await readFile(MANIFEST, "utf8")));
}

async function build() {
  const { files, ownShare } = await bundle();
  const icons = Buffer.from(await sprite());
  files.push({ name: "icons.svg", file: fingerprinted("icons.svg", icons), content: icons });
  const favicon = await readFile(join(SOURCE, "icons", "favicon.svg"));
  files.push({ name: "favicon.svg", file: fingerprinted("favicon.svg", favicon), content: favicon });

  await mkdir(OUTPUT, { recursive: true });
  const before = await previousFiles();
  const manifest = {};
  const rows = [];
  for (const { name, file, content } of files.sort((a, b) => a.name.localeCompare(b.name))) {
    await write(file, content);
    manifest[name] = file;
    let packed = content.length;
    if (!file.endsWith(".woff2")) {
      const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
      const gzip = gzipSync(content, { level: 9 });
      await write(`${file}.br`, brotli);
      await write(`${file}.gz`, gzip);
      packed = `${gzip.length} gzip, ${brotli.length} brotli`;
    }
    rows.push(`  ${name.padEnd(16)} ${String(content.length).padStart(7)} bytes, ${packed}`);
  }
  await mkdir(join(OUTPUT, "fonts"), { recursive: true });
  for (const font of PAPER_FONTS) await write(join("fonts", basename(font)), await readFile(join("node_modules", font)));
  await write("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);

  // Pages rendered a moment ago still name the files of the build before this one: those stay for one more round.
  const kept = new Set([...Object.values(manifest), ...before]);
  for (const file of await readdir(OUTPUT)) {
    if (file !== "manifest.json" && file !== "fonts" && !kept.has(file.replace(/\.(br|gz)$/, ""))) await rm(join(OUTPUT, file), { force: true });
  }
  console.log(rows.join("\n"));
  console.log(`  own code in app.js: ${ownShare} bytes minified, before compression`);
}

await build();

if (process.argv.includes("--watch")) {
  let timer;
  for (const folder of ["css", "js", "icons"]) {
    watch(join(SOURCE, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => build().catch((error) => console.error(error.message)), 80);
    });
  }
}
