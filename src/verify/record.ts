/** A leaf's bytes to the record that they are: canonical, and every member of the form that later steps rely on. */
import { fromUtf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { KINDS } from "../ledger/kinds.ts"
import { MAX_RECORD_BYTES, RECORD_VERSION, type RecordBody } from "../ledger/record.ts"
import { Fault, LIMITS } from "./case.ts"
import { asObject, asText, isCount, isDecimal, isHexHash, isTime } from "./shape.ts"

type Form = (value: JsonValue | undefined) => boolean
const isText: Form = (value) => typeof value === "string"
const isActor: Form = (value) => {
  const { id, proof } = asObject(value)
  return isText(id) && isText(proof)
}
const isParent: Form = (value) => {
  const { consent, depth, execution_id, leaf } = asObject(value)
  return isHexHash(consent) && isCount(depth) && isText(execution_id) && isHexHash(leaf)
}

const REQUIRED: Readonly<Record<string, Form>> = {
  actor: isActor,
  engine: isText,
  payload: (value) => value === null || isHexHash(value),
  time: isTime,
}
/** Of this form where they are present. */
const OPTIONAL: Readonly<Record<string, Form>> = {
  epoch: isDecimal,
  execution_id: isText,
  parent: isParent,
  previous: isHexHash,
  state: isText,
}
const DECISIONS = ["ALLOW", "DENY", "REQUIRE_APPROVAL"]

/** Members that are unknown are left alone. Throws MALFORMED, or TOO_LARGE. */
export function parseRecord(body: Uint8Array): RecordBody {
  if (body.length > MAX_RECORD_BYTES) throw new Fault("TOO_LARGE", `a record is larger than ${MAX_RECORD_BYTES} bytes`)
  const text = fromUtf8(body)
  const record = asObject(parseStrictJson(text, LIMITS))
  if (encodeCanonicalJson(record) !== text) throw new Fault("MALFORMED", "the record is not canonical JSON (RFC 8785)")
  if (record["v"] !== RECORD_VERSION) throw new Fault("MALFORMED", "the record has another version")
  const kind = asText(record["kind"])
  if (!Object.hasOwn(KINDS, kind)) throw new Fault("MALFORMED", "the record is of an unknown kind")
  for (const [name, isOfForm] of Object.entries(REQUIRED)) if (!isOfForm(record[name])) throw badMember(name)
  for (const [name, isOfForm] of Object.entries(OPTIONAL))
    if (record[name] !== undefined && !isOfForm(record[name])) throw badMember(name)
  const data = asObject(record["data"])
  if (kind === "decision") assertDecision(data)
  return record as unknown as RecordBody
}

function assertDecision({ bundle_digest, decision }: JsonObject): void {
  if (!DECISIONS.includes(asText(decision)))
    throw new Fault("MALFORMED", "the decision is none of ALLOW, DENY and REQUIRE_APPROVAL")
  if (!isText(bundle_digest)) throw badMember("data.bundle_digest")
}

function badMember(name: string): Fault {
  return new Fault("MALFORMED", `the record's ${name} is missing or of another form`)
}
