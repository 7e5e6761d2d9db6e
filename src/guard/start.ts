/** Starts what was measured, in the strongest isolation that there is, and says what that does not guarantee. */
import type { StdioOptions } from "node:child_process"
import { type BigIntStats, fstatSync, statSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { WritError } from "../errors.ts"
import type { Guarded } from "./guarded.ts"
import { closeInherited } from "./inherited.ts"
import { type Isolation, inUserNamespace, maySeeOthers, maySwitchUser, toUserOptions } from "./isolation.ts"
import type { Measured, MeasuredFile } from "./measure.ts"
import { type Shortfall, toShortfalls } from "./shortfalls.ts"
import { createStage } from "./stage.ts"
import { startInGroup } from "./start-in-group.ts"
import { startInNamespace } from "./start-in-namespace.ts"

/** How long the wrappers may take until the process's own image runs. */
const IMAGE_TIMEOUT_MS = 5_000
const POLL_MS = 1

/** For startInNamespace and startInGroup. */
export interface StartPlan {
  readonly command: readonly [string, ...string[]]
  readonly workingFolder: string
  readonly spawn: { readonly env: NodeJS.ProcessEnv; readonly stdio: StdioOptions }
}

export interface Started extends Guarded {
  readonly notGuaranteed: readonly Shortfall[]
}

/**
 * Resolves when the measured image runs, or has ended already. The caller keeps `measured` open until then, and for measureRunning longer.
 * INVALID_REQUEST when the measured user cannot be had; COMMAND_NOT_EXECUTABLE when a measured file was written to meanwhile: what had
 * started is dead then; GUARD_FAILED. The guard's stdin, stdout and stderr become the process's.
 */
export async function start(measured: Measured, isolation: Isolation): Promise<Started> {
  const switches = toSwitch(measured, isolation)
  const notGuaranteed = findShortfalls(measured, isolation)
  if (isolation.proc) closeInherited()
  const stage = createStage(measured, isolation.proc)
  try {
    const plan: StartPlan = {
      command: [...toWrapper(measured, isolation, switches), ...stage.command] as unknown as [string, ...string[]],
      workingFolder: measured.workingFolder,
      spawn: { env: { ...measured.environment }, stdio: ["inherit", "inherit", "inherit", ...stage.descriptors] },
    }
    const guarded = isolation.namespace ? await startInNamespace(isolation, plan) : await startInGroup(isolation, plan)
    guarded.gone.then(stage.remove, stage.remove)
    if (!notGuaranteed.includes("running-image")) await awaitImage(measured, guarded, isolation)
    await refuseRewritten(measured, guarded)
    return { ...guarded, notGuaranteed }
  } catch (error) {
    stage.remove()
    throw error
  }
}

/** What start() will not guarantee, before it is called: a runtime says it when it registers. INVALID_REQUEST as start(). */
export function findShortfalls(measured: Measured, isolation: Isolation): readonly Shortfall[] {
  const switches = toSwitch(measured, isolation)
  return toShortfalls({
    pidNamespace: isolation.namespace !== null,
    ownProc: isolation.namespace?.options.includes("--mount-proc") ?? false,
    otherUser: switches,
    noNewPrivileges: isolation.setpriv !== null,
    proc: isolation.proc,
    runningImage: isolation.proc && (!switches || maySeeOthers()),
    first: process.pid === 1,
  })
}

/** Whether the process runs as another user than the guard. */
function toSwitch({ user }: Measured, isolation: Isolation): boolean {
  if (user.uid === process.getuid?.() && user.gid === process.getgid?.()) return false
  if (maySwitchUser(isolation, user)) return true
  throw new WritError("INVALID_REQUEST", `The guard may not start a process as user ${user.uid}, group ${user.gid}.`)
}

function toWrapper({ user }: Measured, isolation: Isolation, switches: boolean): string[] {
  if (!isolation.setpriv) return []
  // In a user namespace the process would begin with every right over that namespace, its mounts included.
  const caps = inUserNamespace(isolation) ? ["--bounding-set=-all", "--inh-caps=-all"] : []
  // Where PID 1 of a namespace does not do it. Last but one: changing the user clears it, and setpriv sets it after that.
  const death = isolation.namespace ? [] : ["--pdeathsig", "KILL"]
  return [isolation.setpriv, "--no-new-privs", ...caps, ...(switches ? toUserOptions(user) : []), ...death, "--"]
}

/** Until the process is no longer one of the wrappers. What it is then, measureRunning tells. */
async function awaitImage({ files }: Measured, guarded: Guarded, { namespace, setpriv }: Isolation): Promise<void> {
  const expected = toFileId(fstatSync((files.at(-1) as MeasuredFile).fd, { bigint: true }))
  const wrappers = [namespace?.nsenter, setpriv].map((path) => (path ? readFileId(path) : null))
  let ended = guarded.pid === null
  guarded.exited.then(
    () => (ended = true),
    () => (ended = true),
  )
  for (const startMs = performance.now(); !ended; await sleep(POLL_MS)) {
    const running = readFileId(`/proc/${guarded.pid}/exe`)
    if (running === expected || (running !== null && !wrappers.includes(running))) return
    if (performance.now() - startMs < IMAGE_TIMEOUT_MS) continue
    guarded.kill()
    await guarded.gone
    throw new WritError("GUARD_FAILED", `The process did not begin within ${IMAGE_TIMEOUT_MS} ms.`)
  }
}

function toFileId({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

function readFileId(path: string): string | null {
  try {
    return toFileId(statSync(path, { bigint: true }))
  } catch {
    return null
  }
}

/** The descriptors are what was hashed, but their content may have been written to since, until the program runs (ETXTBSY). */
async function refuseRewritten({ files, hasher }: Measured, guarded: Guarded): Promise<void> {
  const rewritten = files.find(({ fd, sha256 }) => hasher.hash(fd) !== sha256)
  if (!rewritten) return
  guarded.kill()
  await guarded.gone
  throw new WritError("COMMAND_NOT_EXECUTABLE", `${rewritten.path} was written to while it was started; it was ended.`)
}
