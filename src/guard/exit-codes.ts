/**
 * What `writ exec` exits with. It is the child's own code, 0 to 255, or 128 + n where signal n ended it, as a shell says it. What the
 * guard itself has to say lies in 120 to 127, beside those of env(1), timeout(1) and the shells, which programs avoid.
 */
import { constants } from "node:os"

export const GUARD_EXITS = {
  /** Writ said no: nothing ran. */
  DENIED: 120,
  /** No answer from Writ: nothing ran. */
  UNREACHABLE: 121,
  /** A revocation or another directive ended it. */
  REVOKED: 122,
  /** Writ was unreachable until the lease ended, which ended it. */
  LEASE_LOST: 123,
  /** It ran longer than its writ allows. */
  MAX_DURATION: 124,
  /** The guard itself failed. */
  GUARD_FAILED: 125,
  /** The command was found and cannot be measured or executed. */
  NOT_EXECUTABLE: 126,
  /** The command was not found. */
  NOT_FOUND: 127,
} as const

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export function toExitCode({ code, signal }: Exit): number {
  if (signal) return 128 + constants.signals[signal]
  return code ?? GUARD_EXITS.GUARD_FAILED
}
