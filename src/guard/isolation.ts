/** Finds out once what this machine lets the guard do, by doing it: versions, seccomp filters and sysctls lie. */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { User } from "./measurement.ts"

/** Not PATH: these run with the guard's rights. */
const TOOL_FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
const PROBE_TIMEOUT_MS = 2_000
/** capabilities(7) */
const CAP_KILL = 5n
const CAP_SYS_PTRACE = 19n
const NOBODY: User = { uid: 65_534, gid: 65_534 }

export interface Isolation {
  /** Arguments of unshare(1) that make the PID namespace; null: there are no rights for it. */
  readonly namespace: { readonly unshare: string; readonly nsenter: string; readonly options: readonly string[] } | null
  /** setpriv(1), where it can withhold new privileges. */
  readonly setpriv: string | null
  /** sh(1). */
  readonly shell: string | null
  /** /proc/self/fd leads to open files. */
  readonly proc: boolean
}

export function probeIsolation(): Isolation {
  const proc = process.platform === "linux" && existsSync("/proc/self/fd/0")
  const [setpriv, unshare, nsenter, shell] = ["setpriv", "unshare", "nsenter", "sh"].map(findTool)
  const works = setpriv && runs(setpriv, "--pdeathsig", "KILL", "--no-new-privs", "--", setpriv, "--version")
  const namespace = proc && works && unshare && nsenter && shell ? findNamespace(setpriv, unshare, nsenter) : null
  return { namespace, setpriv: works ? setpriv : null, shell: shell ?? null, proc }
}

/** From the strongest to the weakest: root's own, then one in a user namespace; the second of each where /proc may not be mounted. */
function findNamespace(setpriv: string, unshare: string, nsenter: string): Isolation["namespace"] {
  if (!runs(nsenter, "--version")) return null
  const pid = ["--pid", "--fork", "--kill-child"]
  const user = ["--user", "--map-current-user"]
  const candidates = [
    [...pid, "--mount-proc"],
    [...user, ...pid, "--mount-proc"],
    [...pid, "--mount"],
    [...user, ...pid, "--mount"],
  ]
  const options = candidates.find((candidate) => runs(unshare, ...candidate, setpriv, "--version"))
  return options ? { unshare, nsenter, options } : null
}

function findTool(name: string): string | undefined {
  return TOOL_FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: PROBE_TIMEOUT_MS, killSignal: "SIGKILL" }).status === 0
}

export function inUserNamespace({ namespace }: Isolation): boolean {
  return namespace?.options.includes("--user") ?? false
}

/** Whom a process runs as when nobody says otherwise: `nobody` where the guard may become another user, else the guard's user. */
export function toDefaultUser(isolation: Isolation): User {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  return maySeeOthers() && maySwitchUser(isolation, NOBODY) ? NOBODY : own
}

/** Not in a user namespace, which knows one user only; and the guard must be able to signal the other one's process. */
export function maySwitchUser(isolation: Isolation, user: User): boolean {
  const { setpriv } = isolation
  if (process.getuid?.() !== 0 || !setpriv || inUserNamespace(isolation) || !hasCapability(CAP_KILL)) return false
  return runs(setpriv, ...toUserOptions(user), "--", setpriv, "--version")
}

/** Whether the guard may read which image another user's process runs: root in a container often may not. */
export function maySeeOthers(): boolean {
  return hasCapability(CAP_SYS_PTRACE)
}

function hasCapability(bit: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0"
  return ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n
}

export function toUserOptions({ uid, gid }: User): string[] {
  return ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"]
}
