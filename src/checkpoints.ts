/** Checkpoints of this daemon's log, and the witnesses that its configuration names. */
import type { Config } from "./config.ts"
import { nativeCrypto, sha256 } from "./crypto.ts"
import { WritError } from "./errors.ts"
import { toHex } from "./formats/bytes.ts"
import { ED25519_COSIGNATURE, parseNote, parseVerifierKey, type VerifierKey } from "./formats/signed-note.ts"
import { submitCheckpoint } from "./http/submit.ts"
import type { Appender } from "./ledger/appender.ts"
import type { CheckpointSigner } from "./ledger/checkpointer.ts"
import { type Checkpointing, createCheckpointing } from "./ledger/checkpointing.ts"
import { createCosigning } from "./ledger/cosigning.ts"
import type { LedgerReader } from "./ledger/lineage.ts"
import { buildConsistencyProof } from "./ledger/proofs.ts"
import type { Logger } from "./log.ts"
import { createWitnessObserver } from "./observe.ts"
import { cosignaturesOf } from "./verify/cosignatures.ts"

export interface CheckpointParts {
  readonly config: Pick<Config, "witnesses" | "witnessQuorum">
  readonly log: Logger
  readonly logId: number
  readonly appender: Appender
  readonly signer: CheckpointSigner
  readonly reader: LedgerReader
}

/** Throws CONFIG_INVALID. */
export function composeCheckpointing({ config, log, logId, appender, signer, reader }: CheckpointParts): Checkpointing {
  const { witnesses, witnessQuorum: quorum } = config
  const common = { logId, appender, signer, store: reader, sha256 }
  if (witnesses.length === 0) return createCheckpointing(common)
  assertWitnesses(witnesses, quorum)
  const cosign = createCosigning({
    witnesses,
    prove: (size1, size2) => buildConsistencyProof(reader.tiles(logId), sha256, size1, size2),
    cosignatureOf: (note, vkey) => cosignaturesOf(parseNote(note), [vkey], nativeCrypto)[0],
    submit: submitCheckpoint,
    onAnswer: createWitnessObserver(log),
  })
  return createCheckpointing({ ...common, witnesses: { cosign, quorum } })
}

/** A key that is none would make every checkpoint fail, one that is named twice would count as two, and a quorum that cannot be reached would never say so. */
function assertWitnesses(witnesses: Config["witnesses"], quorum: number): void {
  const keys = new Set<string>()
  for (const { url, vkey } of witnesses) {
    const key = toHex(readKey(url, vkey).publicKey)
    if (keys.has(key)) throw new WritError("CONFIG_INVALID", `witnesses: the key of ${url} is named twice.`)
    keys.add(key)
  }
  if (quorum > keys.size)
    throw new WritError(
      "CONFIG_INVALID",
      `witness-quorum is ${quorum}, and witnesses names ${keys.size}. Name more, or ask for fewer.`,
    )
}

function readKey(url: string, vkey: string): VerifierKey {
  try {
    return parseVerifierKey(sha256, vkey, ED25519_COSIGNATURE)
  } catch (cause) {
    throw new WritError("CONFIG_INVALID", `witnesses: the key of ${url} is wrong. ${(cause as Error).message}`, {
      cause,
    })
  }
}
