/** Evaluate: its request read as strictly as that of Authorize, its answer for the generic codec. */
import type { Evaluated, EvaluateRequest, ExplainedCondition, Part } from "../decision/evaluate.ts"
import type { RawRequest } from "../decision/snapshot.ts"
import type { Reason } from "../decision/state.ts"
import { readRequest } from "./authorize-codec.ts"
import { attempt, once } from "./decoding.ts"
import type { Malformed } from "./load.ts"
import { Reader } from "./protobuf.ts"
import { jsonToStruct } from "./struct.ts"

/** Answers Malformed for bytes that are not an EvaluateRequest; never throws. */
export function decodeEvaluateRequest(bytes: Buffer): EvaluateRequest | Malformed {
  return attempt(() => {
    const reader = new Reader(bytes)
    let request: RawRequest | null = null
    let bundleDigest: Uint8Array = new Uint8Array()
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        once(request, "request")
        request = reader.message(readRequest)
      } else if (field === 2) bundleDigest = reader.bytes()
      else reader.skip()
    }
    return { request, bundleDigest }
  })
}

export function toEvaluateResponse({ determination, bundleDigest, bundleVersion, explanation }: Evaluated): object {
  const { decision, checks, outcome } = determination
  return {
    response: {
      decision: `DECISION_${decision}`,
      checks: checks.map(({ name, status, reasons }) => ({
        name,
        status: `CHECK_STATUS_${status}`,
        reasons: reasons.map(toReason),
      })),
      reasons: checks.flatMap(({ reasons }) => reasons.map(toReason)),
      matched_rules: outcome?.matchedRules ?? [],
      obligations: (outcome?.obligations ?? []).map(({ id, type, properties }) => ({
        id,
        type,
        properties: jsonToStruct(properties),
      })),
      risk: outcome?.risk ?? { tier: "low", points: 0, signals: [] },
      bundle_digest: Buffer.from(bundleDigest, "hex"),
      bundle_version: bundleVersion,
      trace: outcome?.trace ?? [],
    },
    rules: (explanation?.rules ?? []).map(toCondition),
    signals: (explanation?.signals ?? []).map(toCondition),
  }
}

function toReason({ code, text, rule = "", pointer = "" }: Reason): object {
  return { code, text, rule, pointer }
}

function toCondition({ id, source, part }: ExplainedCondition): object {
  return { id, condition: source, part: part && toPart(part) }
}

function toPart({ text, name = "", values, evaluations, parts }: Part): object {
  return { text, name, values, evaluation_count: evaluations, parts: parts.map(toPart) }
}
