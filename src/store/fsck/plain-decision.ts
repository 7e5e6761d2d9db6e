/**
 * Most records are decisions that say nothing of any other table. Such a body is recognised by its outer form and by its
 * `data`, which many have in common and which is parsed once; everything else is parsed.
 */
import { fromUtf8 } from "../../formats/bytes.ts"
import type { JsonObject } from "../../formats/ports.ts"

export interface PlainDecision {
  readonly kind: "decision"
  readonly execution_id: string
  readonly payload: string | null
  readonly time: string
}

/** In none of these texts is anything escaped, or not ASCII. */
const TEXT = '"[ !#-[\\]-~]*"'
const HEAD = new RegExp(`^\\{"actor":\\{"id":${TEXT},"proof":${TEXT}\\},"data":(?=\\{)`)
const AFTER_DATA = ',"engine":"'
const TAIL = new RegExp(
  `^,"engine":${TEXT},"epoch":"(?:0|[1-9][0-9]*)","execution_id":"([0-9a-f-]{36})","kind":"decision",` +
    '"payload":(?:"([0-9a-f]{64})"|null),(?:"state":"AUTHORIZED",)?"time":"([0-9TZ:.-]+)","v":1\\}$',
)
const MAX_KNOWN = 2_000

/** What of `data` would have to be looked at: an approval, and what records of other kinds say (bundles.ts, runtimes.ts). */
const TELLS = ["approval", "activation_id", "directive_sha256"]

/** Answers null for what has to be parsed. Never answers what parsing would not. */
export function createPlainDecisionReader(): (body: Buffer) => PlainDecision | null {
  const known = new Map<string, boolean>()

  function isPlain(data: string): boolean {
    const answer = known.get(data)
    if (answer !== undefined) return answer
    if (known.size >= MAX_KNOWN) known.clear()
    const isSo = parsesPlain(data)
    known.set(data, isSo)
    return isSo
  }

  return (body) => {
    const text = body.toString("latin1")
    const head = HEAD.exec(text)
    const after = text.lastIndexOf(AFTER_DATA)
    if (!head || after < head[0].length) return null
    const tail = TAIL.exec(text.slice(after))
    if (!tail || !isPlain(text.slice(head[0].length, after))) return null
    const [, executionId = "", payload = null, time = ""] = tail
    return { kind: "decision", execution_id: executionId, payload, time }
  }
}

function parsesPlain(data: string): boolean {
  try {
    const value = JSON.parse(fromUtf8(Buffer.from(data, "latin1"))) as JsonObject
    return TELLS.every((name) => !Object.hasOwn(value, name))
  } catch {
    return false
  }
}
