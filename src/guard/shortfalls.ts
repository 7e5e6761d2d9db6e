/** What this machine does not let the guard guarantee: stable codes, which go into the evidence, and what each means. */

/** `Environment.not_guaranteed` of the API holds these codes, at most 16. */
export const SHORTFALLS = {
  "pid-namespace":
    "The process runs in a process group, not in a PID namespace: a descendant that calls setsid and outlives its parent can leave it, and is not killed.",
  "kill-with-guard":
    "When the guard is killed, the process and its group are killed, but not a descendant that has left the group.",
  "own-proc": "The process sees the guard's /proc, so it can see other processes.",
  "other-user":
    "The process runs as the guard's own user: it may read what that user may, files that hold keys included, and trace the guard's helper in its namespace.",
  "no-new-privileges": "The process may gain privileges, for example by a set-user-ID program.",
  "executed-descriptor":
    "The process is started by its path: a file that is swapped between measuring and starting would run.",
  "running-image": "The running image cannot be measured here: a replaced executable is not seen.",
  "reaped-orphans":
    "The guard is PID 1 without a PID namespace of its own: orphans of the process stay as zombies. Start the container with an init.",
} as const

export type Shortfall = keyof typeof SHORTFALLS

export interface Guarantees {
  readonly pidNamespace: boolean
  readonly ownProc: boolean
  readonly otherUser: boolean
  readonly noNewPrivileges: boolean
  /** /proc as Linux has it. */
  readonly proc: boolean
  readonly runningImage: boolean
  /** The guard is PID 1. */
  readonly first: boolean
}

export function toShortfalls(has: Guarantees): Shortfall[] {
  const missing: Shortfall[] = []
  if (!has.pidNamespace) missing.push("pid-namespace", "kill-with-guard")
  if (!has.ownProc) missing.push("own-proc")
  if (!has.otherUser) missing.push("other-user")
  if (!has.noNewPrivileges) missing.push("no-new-privileges")
  if (!has.proc) missing.push("executed-descriptor")
  if (!has.runningImage) missing.push("running-image")
  if (has.first && !has.pidNamespace) missing.push("reaped-orphans")
  return missing
}
