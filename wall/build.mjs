// Builds the page that the exporter ships: `node build.mjs FOLDER`. The same sources and lock give the same
// bytes, so what is committed can be checked against what is built. `--tests` bundles the unit tests instead.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const tests = process.argv.includes("--tests");
const folder = process.argv.at(-1);
const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
  target: ["es2022", "chrome100", "firefox100", "safari15.4"],
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
if (tests) {
  const files = readdirSync(join(here, "tests")).map((name) => join("tests", name));
  await esbuild.build({
    ...common,
    entryPoints: files,
    outdir: folder,
    outExtension: { ".js": ".test.mjs" },
    platform: "node",
    target: "node20",
  });
} else {
  await build();
}

async function build() {
  const scripts = await esbuild.build({
    ...common,
    entryPoints: ["src/wall.tsx", "src/login.ts"],
    outdir: folder,
    minify: true,
    legalComments: "none", // LICENSES.txt has them whole
    metafile: true,
  });
  await esbuild.build({
    ...common,
    entryPoints: ["src/wall.css"],
    outdir: folder,
    minify: true,
    external: ["*.woff2"],
  });
  cpSync(join(here, "src/index.html"), join(folder, "index.html"));
  cpSync(join(here, "src/login.html"), join(folder, "login.html"));
  const font = "@fontsource-variable/inter";
  cpSync(
    join(here, "node_modules", font, "files/inter-latin-wght-normal.woff2"),
    join(folder, "inter.woff2"),
  );
  writeFileSync(join(folder, "LICENSES.txt"), licences([...packagesIn(scripts.metafile), font]));
  writeFileSync(join(here, "built.json"), JSON.stringify(digests(folder), null, 2) + "\n");
}

function packagesIn(metafile) {
  const inputs = Object.keys(metafile.inputs).filter((path) => path.startsWith("node_modules/"));
  return [...new Set(inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)[1]))].sort();
}

function licences(names) {
  const texts = names.map((name) => {
    const place = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
    const file = readdirSync(place).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version} (${license})\n\n${readFileSync(join(place, file), "utf8").trim()}\n`;
  });
  const line = "\n" + "-".repeat(80) + "\n\n";
  return `The wall's page is part of deskpulse (Apache-2.0). It contains:\n\n${texts.join(line)}`;
}

// A test of `make test`, which needs no Node, reads it: it finds sources that were changed without a build,
// and built files that somebody touched.
function digests(built) {
  const sources = [
    "build.mjs",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    ...filesIn(join(here, "src")),
  ];
  const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return {
    sources: Object.fromEntries(sources.map((name) => [name, digest(join(here, name))])),
    built: Object.fromEntries(readdirSync(built).sort().map((name) => [name, digest(join(built, name))])),
  };
}

function filesIn(place) {
  const entries = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.map((entry) => relative(here, join(entry.parentPath, entry.name))).sort();
}
