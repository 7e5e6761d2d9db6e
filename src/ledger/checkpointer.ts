/**
 * Signs checkpoints of the log, off the append's path. Its own memory of what it signed last is a file outside the
 * database, written before a signature leaves: a database that was rolled back or rewritten cannot get a second
 * history signed.
 */
import { WritError } from "../errors.ts"
import { equalBytes, utf8 } from "../formats/bytes.ts"
import { formatCheckpoint } from "../formats/checkpoint.ts"
import { parsePublicKey, parseSignature } from "../formats/ed25519-keys.ts"
import { rootsFromConsistency } from "../formats/merkle.ts"
import type { Crypto } from "../formats/ports.ts"
import { formatNote, formatVerifierKey, noteKeyHash } from "../formats/signed-note.ts"

export interface SignedState {
  readonly size: number
  readonly root: Uint8Array
}

/**
 * Durable memory of the signer. `write` resolves only when the state would survive a power cut; it holds up nobody else.
 * Rejects with LEDGER_FROZEN when what is kept is not `before`.
 */
export interface SignerState {
  read(): SignedState | null
  write(state: SignedState, before: SignedState | null): Promise<void>
}

export interface CheckpointSignerOptions {
  readonly origin: string
  /** As the contract of `token/signer.ts` has it; nothing waits for a checkpoint, so it may take its time. */
  readonly signer: { readonly publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array | Promise<Uint8Array> }
  readonly state: SignerState
  readonly crypto: Crypto
}

export interface CheckpointSigner {
  readonly verifierKey: string
  /** What was signed last. */
  readonly last: SignedState | null
  /**
   * Rejects with LEDGER_FROZEN unless `next` extends what was signed last; the proof is not needed for the first. One at
   * a time: a second call waits for the first.
   */
  sign(next: SignedState, consistencyProof: readonly Uint8Array[]): Promise<string>
}

export function createCheckpointSigner({ origin, signer, state, crypto }: CheckpointSignerOptions): CheckpointSigner {
  const keyHash = noteKeyHash(crypto.sha256, origin, signer.publicKey)
  let last = state.read()
  let before: Promise<unknown> = Promise.resolve()

  async function sign(next: SignedState, proof: readonly Uint8Array[]): Promise<string> {
    assertExtends(last, next, proof, crypto)
    if (last === null || last.size !== next.size) {
      await state.write(next, last) // before the signature leaves: after a crash here the same size is signed again, never another
      last = next
    }
    const text = formatCheckpoint({ origin, size: BigInt(next.size), root: next.root })
    const signature = await signer.sign(utf8(text))
    assertVerifies(signer.publicKey, utf8(text), signature, crypto)
    return formatNote(text, [{ name: origin, keyHash, signature }])
  }

  return {
    verifierKey: formatVerifierKey(crypto.sha256, origin, signer.publicKey),
    get last() {
      return last
    },
    sign(next, proof) {
      const signed = before.then(() => sign(next, proof))
      before = signed.catch(() => {})
      return signed
    },
  }
}

/** A stored checkpoint never changes: one that is wrong would be wrong for good. */
function assertVerifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, crypto: Crypto): void {
  const key = parsePublicKey(publicKey)
  const parsed = parseSignature(signature)
  if (key && parsed && crypto.ed25519Verify(key, message, parsed)) return
  throw new WritError(
    "LEDGER_UNAVAILABLE",
    "The checkpoint's signature does not verify under the log's key, so it is not published. Look at whoever holds that key.",
  )
}

/** A log behind what was signed is a restored or rewritten database. */
export function assertExtends(
  last: SignedState | null,
  next: SignedState,
  proof: readonly Uint8Array[],
  crypto: Crypto,
): void {
  if (last === null || last.size === 0) return
  const frozen = (what: string) =>
    new WritError(
      "LEDGER_FROZEN",
      `${what} The log stays frozen: nothing more is appended or signed. Restore the database that holds the newer state. If there is none, end this log by writ ledger new-log; SECURITY.md says more.`,
    )
  if (next.size < last.size)
    throw frozen(`The database holds ${next.size} records, but a checkpoint of ${last.size} was signed.`)
  if (next.size === last.size) {
    if (!equalBytes(next.root, last.root))
      throw frozen(`The ${next.size} records in the database are not those that were signed.`)
    return
  }
  const roots = rootsFromConsistency(crypto.sha256, BigInt(last.size), BigInt(next.size), last.root, proof)
  if (!roots || !equalBytes(roots.root1, last.root) || !equalBytes(roots.root2, next.root))
    throw frozen(`The database's records do not extend the ${last.size} that were signed.`)
}
