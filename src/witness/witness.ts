/**
 * C2SP tlog-witness: cosigns a checkpoint when it extends the one that was cosigned last. What was cosigned is remembered
 * durably before the cosignature leaves, so no two histories of a log can ever be cosigned by it.
 */
import { WritError } from "../errors.ts"
import { type AddCheckpoint, parseAddCheckpoint } from "../formats/add-checkpoint.ts"
import { equalBytes, utf8 } from "../formats/bytes.ts"
import { type Checkpoint, parseCheckpoint } from "../formats/checkpoint.ts"
import { cosignedMessage, encodeCosignature } from "../formats/cosignature.ts"
import type { Crypto } from "../formats/ports.ts"
import {
  ED25519_COSIGNATURE,
  formatSignatureLines,
  formatVerifierKey,
  noteKeyHash,
  parseNote,
  parseVerifierKey,
  type SignedNote,
  signaturesBy,
  type VerifierKey,
} from "../formats/signed-note.ts"
import type { SignedState, SignerState } from "../ledger/checkpointer.ts"
import { verifyConsistency } from "../verify/merkle.ts"
import { verifySignature } from "../verify/signature.ts"

export interface WitnessOptions {
  /** As in its signature lines: a URL without its scheme, say. */
  readonly name: string
  readonly signer: { readonly publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array }
  /** Verifier keys of the logs that it watches; a log that changes its key has several. Their names are the origins. */
  readonly logs: readonly string[]
  /** What was cosigned of a log last; sizes from 2^53 on are not cosigned. */
  stateOf(origin: string): SignerState
  readonly crypto: Crypto
  /** Unix milliseconds. */
  wallMs(): number
}

/** An HTTP response. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly type: "text/plain; charset=utf-8" | "text/x.tlog.size"
  readonly body: string
}

export interface Witness {
  readonly verifierKey: string
  readonly origins: readonly string[]
  /** Of this log, or null. */
  last(origin: string): SignedState | null
  /** `body`: of a POST to `add-checkpoint`. Rejects only when what was cosigned cannot be remembered; then nothing is cosigned. */
  addCheckpoint(body: string): Promise<WitnessAnswer>
}

interface Log {
  readonly keys: VerifierKey[]
  readonly state: SignerState
  last: SignedState | null
  /** Checking and remembering are one step: one request after the other. */
  before: Promise<unknown>
}

/** Throws INVALID_REQUEST on a verifier key that is none. */
export function createWitness({ name, signer, logs, stateOf, crypto, wallMs }: WitnessOptions): Witness {
  const keyHash = noteKeyHash(crypto.sha256, name, signer.publicKey, ED25519_COSIGNATURE)
  const known = new Map<string, Log>()
  for (const vkey of logs) {
    const key = parseVerifierKey(crypto.sha256, vkey)
    const log = known.get(key.name)
    if (log) log.keys.push(key)
    else {
      const state = stateOf(key.name)
      known.set(key.name, { keys: [key], state, last: state.read(), before: Promise.resolve() })
    }
  }

  async function add(log: Log, request: AddCheckpoint, note: SignedNote, next: Checkpoint): Promise<WitnessAnswer> {
    const { last } = log
    if (request.oldSize !== BigInt(last?.size ?? 0)) return conflict(last)
    if (last && request.oldSize === next.size) {
      if (!equalBytes(last.root, next.root)) return conflict(last)
    } else if (!extendsLast(last, request, next)) {
      return text(422, "The proof does not show that this checkpoint extends the one that was cosigned last.")
    }
    if (next.size !== BigInt(last?.size ?? -1)) {
      const state = { size: Number(next.size), root: next.root }
      await log.state.write(state, last) // before the cosignature leaves
      log.last = state
    }
    const time = BigInt(Math.floor(wallMs() / 1000))
    const signature = encodeCosignature({ time, signature: signer.sign(cosignedMessage(time, note.text)) })
    return text(200, formatSignatureLines([{ name, keyHash, signature }]).trimEnd())
  }

  /** From nothing everything extends, and there is no proof of it. */
  function extendsLast(last: SignedState | null, { oldSize, proof }: AddCheckpoint, next: Checkpoint): boolean {
    if (!last || oldSize === 0n) return proof.length === 0
    const consistency = { size1: oldSize, size2: next.size, root1: last.root, root2: next.root, proof }
    return verifyConsistency(consistency, crypto).valid
  }

  return {
    verifierKey: formatVerifierKey(crypto.sha256, name, signer.publicKey, ED25519_COSIGNATURE),
    origins: [...known.keys()],
    last: (origin) => known.get(origin)?.last ?? null,
    async addCheckpoint(body) {
      let request: AddCheckpoint
      let note: SignedNote
      let next: Checkpoint
      try {
        request = parseAddCheckpoint(body)
        note = parseNote(request.checkpoint)
        next = parseCheckpoint(note.text)
      } catch (error) {
        return text(400, WritError.from(error).message)
      }
      const log = known.get(next.origin)
      if (!log) return text(404, `This witness does not watch the log ${next.origin}.`)
      const isSigned = log.keys.some((key) =>
        signaturesBy(note, key).some((signature) => verifySignature(crypto, key.publicKey, utf8(note.text), signature)),
      )
      if (!isSigned) return text(403, "No key of this log that is trusted here has signed the checkpoint.")
      if (request.oldSize > next.size) return text(400, "The old size is larger than the checkpoint's.")
      if (next.size > BigInt(Number.MAX_SAFE_INTEGER)) return text(400, "The checkpoint is of more than 2^53 leaves.")
      const answer = log.before.then(() => add(log, request, note, next))
      log.before = answer.catch(() => {})
      return await answer
    },
  }
}

function text(status: Exclude<WitnessAnswer["status"], 409>, line: string): WitnessAnswer {
  return { status, type: "text/plain; charset=utf-8", body: `${line}\n` }
}

function conflict(last: SignedState | null): WitnessAnswer {
  return { status: 409, type: "text/x.tlog.size", body: `${last?.size ?? 0}\n` }
}
