/** The beats behind a `beats` leaf: five steps in a fixed order; the first that fails is named, with the line to blame. */
import { equalBytes, fromBase64, fromHex, fromUtf8, toHex, utf8, uuidOfHex } from "../formats/bytes.ts"
import { hashLeaf, rootOfHashes } from "../formats/merkle.ts"
import type { Crypto, JsonObject, JsonValue } from "../formats/ports.ts"
import { BEAT_DOMAIN, RUNTIME_DOMAIN } from "../formats/runtime-messages.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { Fault } from "./case.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { asList, asObject, asText, isDecimal, isHexHash } from "./shape.ts"
import { verifySignature } from "./signature.ts"
import type { Verdict } from "./types.ts"

/** In the order in which they are made. */
export const BEATS_STEPS = [
  "format", // each line is a leaf, the bytes that were signed, and their signature; there are as many as the record says
  "root", // the leaves are those that the record's root is over
  "beat", // each leaf names the hash, the runtime, the epoch and the sequence of what was signed
  "signature", // with keys: each beat is signed by its runtime
  "order", // no beat comes twice, no sequence falls, each beat names the one before it
] as const
export type BeatsStep = (typeof BEATS_STEPS)[number]

export interface BeatsInput {
  /** `count` and `root` of the record's data. */
  readonly count: number
  readonly root: string
  /** The segment, inflated: the text or its bytes. That the record names it by its SHA-256 is checked before. */
  readonly segment: string | Uint8Array
}

/** Public keys (hex) by runtime id, obtained outside the segment. */
export type RuntimeKeys = Readonly<Record<string, readonly string[]>>

/** Beats of a lease that are not here: taken by another replica, or lost in a crash. */
export interface BeatGap {
  readonly lease_id: string
  /** Sequence of the beat before the gap and of the one after it. */
  readonly after: string
  readonly before: string
}

export interface BeatsReport extends Verdict {
  /** True when keys from outside verified every beat. */
  readonly anchored: boolean
  readonly gaps: readonly BeatGap[]
  readonly failedStep?: BeatsStep
  /** From 0; absent when no line is to blame. */
  readonly failedLine?: number
}

interface Beat {
  readonly line: number
  readonly leaf: string
  /** What the leaf says. */
  readonly named: JsonObject
  readonly reasons: readonly JsonValue[]
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly signature: Uint8Array
  /** What was signed. */
  readonly said: Readonly<Record<(typeof SAID)[number], string>>
}
const SAID = ["boot_epoch", "lease_id", "previous_beat", "runtime_id", "sequence"] as const
const MAX_SEGMENT_BYTES = 256 * 1024 * 1024
const LIMITS = { maxDepth: 8, maxNodes: 1_000 }
/** Such a beat is held against its runtime, and does not extend the lease. */
const CONTRADICTIONS = ["KEY_CLONED", "BEAT_EQUIVOCATION", "MEASUREMENTS_CHANGED"]

/** Never throws. */
export function verifyBeats(
  input: BeatsInput,
  keys: RuntimeKeys | undefined,
  crypto: Crypto = portableCrypto,
): BeatsReport {
  let step: BeatsStep = "format"
  try {
    const beats = parseSegment(input, crypto)
    step = "root"
    const hashes = beats.map(({ leaf }) => hashLeaf(crypto.sha256, utf8(leaf)))
    if (toHex(rootOfHashes(crypto.sha256, hashes)) !== input.root)
      throw new Fault("PROOF_WRONG", "the root is not that of the beats")
    step = "beat"
    for (const beat of beats) checkNamed(beat, crypto)
    step = "signature"
    if (keys) for (const beat of beats) checkSigned(beat, keys, crypto)
    step = "order"
    return { valid: true, reason: "", anchored: keys !== undefined, gaps: findGaps(beats) }
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault("MALFORMED", (error as Error).message)
    return {
      valid: false,
      reason: `${fault.code}: ${fault.message}`,
      anchored: false,
      gaps: [],
      failedStep: step,
      ...(fault.index !== null && { failedLine: Number(fault.index) }),
    }
  }
}

function parseSegment({ count, segment }: BeatsInput, crypto: Crypto): Beat[] {
  if (segment.length > MAX_SEGMENT_BYTES)
    throw new Fault("TOO_LARGE", `the segment is larger than ${MAX_SEGMENT_BYTES} bytes`)
  const lines = (typeof segment === "string" ? segment : fromUtf8(segment)).split("\n")
  if (lines.length !== count)
    throw new Fault("MALFORMED", `the segment holds ${lines.length} beats, the record says ${count}`)
  return lines.map((text, line) => {
    try {
      return parseBeat(text, line, crypto)
    } catch (error) {
      throw new Fault("MALFORMED", (error as Error).message, BigInt(line))
    }
  })
}

function parseBeat(text: string, line: number, crypto: Crypto): Beat {
  const entry = asObject(parseStrictJson(text, LIMITS))
  const leaf = asText(entry["leaf"])
  const named = asObject(parseStrictJson(leaf, LIMITS))
  const signed = asText(entry["signed"])
  if (!signed.startsWith(BEAT_DOMAIN)) throw new Fault("MALFORMED", "what was signed is no beat")
  const said = asObject(parseStrictJson(signed.slice(BEAT_DOMAIN.length), LIMITS))
  for (const name of SAID) asText(said[name])
  if (!isDecimal(said["sequence"])) throw new Fault("MALFORMED", "a sequence is not a decimal number")
  if (said["previous_beat"] !== "" && !isHexHash(said["previous_beat"]))
    throw new Fault("MALFORMED", "the beat before is not named by a hash")
  const bytes = utf8(signed)
  return {
    line,
    leaf,
    named,
    reasons: asList(named["reasons"]),
    bytes,
    hash: crypto.sha256(bytes),
    signature: fromBase64(asText(entry["signature"])),
    said: said as unknown as Beat["said"],
  }
}

function checkNamed({ line, named, hash, said }: Beat, crypto: Crypto): void {
  const { beat, boot_epoch, runtime, sequence } = named
  const key = uuidOfHex(toHex(crypto.sha256(utf8(RUNTIME_DOMAIN + said.runtime_id))))
  if (beat !== toHex(hash) || boot_epoch !== said.boot_epoch || sequence !== said.sequence || runtime !== key)
    throw new Fault("LINK_WRONG", "the leaf names another beat than the one that was signed", BigInt(line))
}

function checkSigned({ line, bytes, signature, said: { runtime_id } }: Beat, keys: RuntimeKeys, crypto: Crypto): void {
  const own = Object.hasOwn(keys, runtime_id) ? (keys[runtime_id] as readonly string[]) : []
  if (own.length === 0) throw new Fault("UNKNOWN_KEY", `there is no key of the runtime ${runtime_id}`, BigInt(line))
  if (!own.some((key) => verifySignature(crypto, fromHex(key), bytes, signature)))
    throw new Fault("SIGNATURE_WRONG", "the beat is not signed by its runtime", BigInt(line))
}

/** Throws where beats that one daemon took in this order cannot be those of one lease. */
function findGaps(beats: readonly Beat[]): BeatGap[] {
  const gaps: BeatGap[] = []
  const lasts = new Map<string, Beat>()
  for (const beat of beats) {
    const { lease_id, previous_beat, sequence } = beat.said
    const wrong = (text: string) => new Fault("LINK_WRONG", text, BigInt(beat.line))
    const contradicts = beat.reasons.some((code) => CONTRADICTIONS.includes(code as string))
    const last = lasts.get(lease_id)
    if (!contradicts) lasts.set(lease_id, beat)
    if (!last) continue
    const ahead = BigInt(sequence) - BigInt(last.said.sequence)
    if (ahead < 0n) throw wrong("an older beat follows a newer one")
    if (equalBytes(beat.hash, last.hash)) throw wrong("the same beat comes twice")
    if (ahead === 0n && !contradicts) throw wrong("two beats of one sequence, and nothing is held against them")
    if (ahead === 1n && previous_beat !== toHex(last.hash) && !beat.reasons.includes("PREVIOUS_BEAT_DIFFERS"))
      throw wrong("it names another beat before it than the one that was taken")
    if (ahead > 1n) gaps.push({ lease_id, after: last.said.sequence, before: sequence })
  }
  return gaps
}
