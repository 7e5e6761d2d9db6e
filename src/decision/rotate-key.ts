/** RotateKey: a signing key is replaced, in time for every verifier to know; or at once, where it is compromised. */
import { WritError } from "../errors.ts"
import type { Call } from "./authorize.ts"
import { MAX_TIMEOUT_MS } from "./limits.ts"
import type { Rotated, TokenKeys } from "./token-keys.ts"

/** Before the caller's deadline, so that he hears of the new key in any case. */
const ANSWER_MS = 250

export interface KeyRotated extends Rotated {
  /** Executions that were revoked before this answer. */
  readonly revoked: number
  /** Some may still be alive; they are revoked one after the other. */
  readonly isRevoking: boolean
}

export interface RotateKeyDependencies {
  readonly tokenKeys: Pick<TokenKeys, "rotate">
  /** Revokes what was started by compromised keys; answers how much. */
  revokeCompromised(): Promise<number>
}

/** Throws INVALID_REQUEST; INVALID_TRANSITION while another new key waits for its first use. */
export function createRotateKey(
  deps: RotateKeyDependencies,
): (use: string, compromised: boolean, call: Call) => Promise<KeyRotated> {
  return async (use, compromised, { caller, timeoutMs }) => {
    if (use !== "token")
      throw new WritError(
        "INVALID_REQUEST",
        use === "checkpoint"
          ? "A log keeps its key. Stop the daemon, and run `writ ledger new-log`: its next start begins another log, with another key."
          : "use must be token.",
      )
    const startedMs = performance.now()
    const rotated = await deps.tokenKeys.rotate(compromised, { id: caller.id, proof: caller.proof })
    if (!compromised) return { ...rotated, revoked: 0, isRevoking: false }
    const leftMs = Math.min(timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS) - (performance.now() - startedMs) - ANSWER_MS
    const revoked = await within(deps.revokeCompromised(), leftMs)
    return { ...rotated, revoked: revoked ?? 0, isRevoking: revoked === null }
  }
}

/** Null when it takes longer, or fails: it is done again beside. */
async function within(work: Promise<number>, limitMs: number): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(0, limitMs))
  })
  try {
    return await Promise.race([work.catch(() => null), late])
  } finally {
    clearTimeout(timer)
  }
}
