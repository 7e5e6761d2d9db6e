/** Who Postgres runs as, and the folders that it must be able to reach. */
import { createHash } from "node:crypto"
import { chownSync, lchownSync, lstatSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { WritError } from "../../errors.ts"

/** Names the socket file; nothing listens on TCP. */
export const PORT = 5432
const MAX_SOCKET_PATH_BYTES = 100

export interface Owner {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Postgres refuses to run as root: a user named in the configuration, else writ, postgres or nobody. */
export function findOwner(wished: string | null): Owner {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
  for (const name of wished ? [wished] : ["writ", "postgres", "nobody"]) {
    const row = users.find((user) => user[0] === name)
    if (row) return { name, uid: Number(row[2]), gid: Number(row[3]) }
  }
  throw new WritError(
    "DATABASE_UNFIT",
    `Postgres must not run as root, and there is no user ${wished ?? "nobody"}. Name one with --postgres-user, or set DATABASE_URL.`,
  )
}

export function makeFolder(path: string, owner: Owner | null): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (owner) chownSync(path, owner.uid, owner.gid)
  } catch (cause) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `The folder ${path} cannot be made (${(cause as NodeJS.ErrnoException).code}). Choose another data folder with --data.`,
      { cause },
    )
  }
  const blocked = owner && firstUnreachable(path, owner)
  if (blocked) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `As root, writ runs Postgres as user ${owner.name}, who cannot enter ${blocked}. Choose a data folder below /var/lib with --data, or run writ as an ordinary user.`,
    )
  }
}

/** The first folder on the way to `path` that the owner may not enter; null when all are open. */
export function firstUnreachable(path: string, owner: Owner): string | null {
  const parents: string[] = []
  for (let at = path; ; at = dirname(at)) {
    parents.unshift(at)
    if (dirname(at) === at) break
  }
  return (
    parents.find((folder) => {
      const { mode, uid, gid } = statSync(folder)
      const bits = uid === owner.uid ? mode >> 6 : gid === owner.gid ? mode >> 3 : mode
      return (bits & 1) === 0
    }) ?? null
  )
}

export function chooseSocketFolder(base: string, owner: Owner | null): string {
  if (Buffer.byteLength(join(base, `.s.PGSQL.${PORT}`)) <= MAX_SOCKET_PATH_BYTES) return base
  const short = join(tmpdir(), `writ-${createHash("sha256").update(base).digest("hex").slice(0, 16)}`)
  // In a folder that anybody may write to: only what was made just now is given away, and never what a link names.
  const isNew = mkdirSync(short, { recursive: true, mode: 0o700 }) !== undefined
  if (owner && isNew) lchownSync(short, owner.uid, owner.gid)
  const { uid, mode } = lstatSync(short)
  if (uid !== (owner?.uid ?? process.getuid?.()) || (mode & 0o077) !== 0) {
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `${short} belongs to somebody else. Choose a data folder with a shorter path (--data).`,
    )
  }
  return short
}
