/**
 * Collects cosignatures of a checkpoint from witnesses (C2SP tlog-witness), all asked at once and for a bounded time. What
 * lacks is said and not waited for: without a quorum a checkpoint rests on the operator.
 */
import { formatAddCheckpoint } from "../formats/add-checkpoint.ts"
import { equalBytes } from "../formats/bytes.ts"
import { formatNote, type NoteSignature, parseNote, parseSignatureLines } from "../formats/signed-note.ts"

const MAX_TOLD_CHARS = 200

export interface WitnessKey {
  /** Submission prefix. */
  readonly url: string
  /** `NAME+HASH+KEY`, algorithm 0x04. */
  readonly vkey: string
}

/** Sends a body to the witness; rejects when it does not answer within the limit. */
export type Submit = (url: string, body: string) => Promise<{ readonly status: number; readonly body: string }>

export interface CosigningOptions {
  readonly witnesses: readonly WitnessKey[]
  /** RFC 6962 consistency proof, 0 < size1 ≤ size2. */
  prove(size1: number, size2: number): Promise<readonly Uint8Array[]>
  /** Of this key, the one that verifies. */
  cosignatureOf(note: string, vkey: string): NoteSignature | undefined
  readonly submit: Submit
  /** What became of each request: null: it was cosigned. */
  onAnswer(witness: WitnessKey, fault: string | null): void
}

export interface Cosigned {
  /** The note, its cosignatures by these witnesses last, in their order. */
  readonly note: string
  /** How many there are. */
  readonly count: number
}

/** Asks those whose cosignature the note has not yet. Never rejects. */
export type Cosign = (note: string, size: number) => Promise<Cosigned>

export function createCosigning(options: CosigningOptions): Cosign {
  const { witnesses, cosignatureOf } = options
  /** What each witness cosigned last, as far as it is known here. */
  const sizes = new Map<WitnessKey, number>()

  /** Throws with what is wrong. */
  async function ask(witness: WitnessKey, note: string, size: number): Promise<NoteSignature> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const old = sizes.get(witness) ?? 0
      if (old > size) throw new Error(`it has cosigned ${old} records of this log, and there are ${size}`)
      const proof = old === 0 || old === size ? [] : await options.prove(old, size)
      const request = formatAddCheckpoint({ oldSize: BigInt(old), proof, checkpoint: note })
      const { status, body } = await options.submit(witness.url, request)
      if (status === 409 && /^(0|[1-9][0-9]{0,15})\n$/.test(body) && Number(body) !== old) {
        sizes.set(witness, Number(body)) // it knows better what it cosigned last
        continue
      }
      if (status !== 200) throw new Error(`it answered ${status}: ${body.slice(0, MAX_TOLD_CHARS).trim()}`)
      const { text } = parseNote(note)
      const cosignature = cosignatureOf(formatNote(text, parseSignatureLines(body)), witness.vkey)
      if (!cosignature) throw new Error("what it answered is no cosignature by its key")
      sizes.set(witness, size)
      return cosignature
    }
    throw new Error("it goes on cosigning other sizes: somebody else submits this log's checkpoints")
  }

  return async (note, size) => {
    const had = witnesses.map(({ vkey }) => cosignatureOf(note, vkey))
    const found = await Promise.all(
      witnesses.map(async (witness, i) => {
        if (had[i]) return had[i]
        try {
          const cosignature = await ask(witness, note, size)
          options.onAnswer(witness, null)
          return cosignature
        } catch (error) {
          options.onAnswer(witness, (error as Error).message)
          return undefined
        }
      }),
    )
    const { text, signatures } = parseNote(note)
    const cosignatures = found.filter((one) => one !== undefined)
    const others = signatures.filter(({ signature }) => !had.some((one) => one && equalBytes(one.signature, signature)))
    return { note: formatNote(text, [...others, ...cosignatures]), count: cosignatures.length }
  }
}
