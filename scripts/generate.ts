/**
 * Writes what is derived from other files of this repository: src/rpc/generated, the types of the API, from proto/.
 * `--check` writes nothing and fails when a derived file is not what would be written.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { LOADER_OPTIONS, PACKAGE_ROOT } from "../src/rpc/api.ts"

const GENERATED = join(PACKAGE_ROOT, "src", "rpc", "generated")
const GENERATOR = join(PACKAGE_ROOT, "node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js")

if (process.argv.includes("--check")) check()
else {
  rmSync(GENERATED, { recursive: true, force: true })
  generateTypes(GENERATED)
}

/** The generator's flags must say what LOADER_OPTIONS says, or the types lie about what arrives. */
function generateTypes(folder: string): void {
  const { keepCase, longs, enums, defaults, oneofs } = LOADER_OPTIONS
  if (!keepCase || longs !== String || enums !== String || !defaults || !oneofs)
    throw new Error("the options of src/rpc/load.ts and the flags here differ")
  const flags = ["--keepCase", "--longs=String", "--enums=String", "--defaults", "--oneofs"]
  execFileSync(
    process.execPath,
    [
      GENERATOR,
      ...flags,
      "--grpcLib=@grpc/grpc-js",
      "--importFileExtension=.ts",
      "-I=proto",
      `-O=${folder}`,
      ...protos(),
    ],
    { cwd: PACKAGE_ROOT, stdio: ["ignore", "ignore", "inherit"] },
  )
}

/** Only files that hold a service: their types bring in those of what they import. */
function protos(): string[] {
  const folder = join(PACKAGE_ROOT, "proto", "writ", "v1")
  return readdirSync(folder)
    .filter((file) => /^service /m.test(readFileSync(join(folder, file), "utf8")))
    .sort()
    .map((file) => `writ/v1/${file}`)
}

function check(): void {
  const fresh = mkdtempSync(join(tmpdir(), "writ-generate-"))
  try {
    generateTypes(fresh)
    const names = new Set([...files(fresh), ...files(GENERATED)])
    const stale = [...names].filter((name) => read(join(fresh, name)) !== read(join(GENERATED, name)))
    if (stale.length === 0) return
    console.error(`${stale.length} generated files are not what proto/ gives, first ${stale[0]}: run npm run generate`)
    process.exitCode = 1
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function files(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null
}
