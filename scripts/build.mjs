// Builds dist/ with tsc when it is missing or older than the sources. Runs as `prepare`, and again at the head of
// `start`, `demo`, `bench` and `test`, so that a checkout installed with `npm ci --ignore-scripts` works as well.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const tsc = join(root, "node_modules", "typescript", "bin", "tsc")

function newestMtimeMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newestMtimeMs(join(path, name))))
}

function isFresh() {
  const stamp = join(root, "dist", ".tsbuildinfo")
  if (!existsSync(stamp) || !existsSync(join(root, "dist", "main.js"))) return false
  const inputs = ["src", "tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((name) => join(root, name))
  return Math.max(...inputs.filter(existsSync).map(newestMtimeMs)) <= statSync(stamp).mtimeMs
}

if (!existsSync(join(root, "src"))) process.exit(0) // an installed package ships dist/ and no sources
if (process.argv.includes("--force") || !isFresh()) {
  if (!existsSync(tsc)) {
    console.error("writ: dist/ must be built and TypeScript is not installed. Run `npm ci` (with dev dependencies).")
    process.exit(1)
  }
  const result = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" })
  if (result.status !== 0) process.exit(result.status ?? 1)
  const { utimesSync } = await import("node:fs")
  const stamp = join(root, "dist", ".tsbuildinfo")
  if (existsSync(stamp)) utimesSync(stamp, new Date(), new Date())
}
