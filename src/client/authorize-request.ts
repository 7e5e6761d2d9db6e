/** An Authorize request, from plain JSON to what the proto takes. */
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { jsonToStruct, type WireStruct, type WireValue } from "../rpc/struct.ts"

export interface AuthorizeReply {
  readonly decision: string
  readonly execution_id: string
  readonly token: string
  readonly checks: readonly {
    readonly name: string
    readonly status: string
    readonly reasons: readonly { readonly code: string; readonly text: string }[]
  }[]
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly rule: string }[]
  readonly matched_rules: readonly string[]
  readonly receipt: { readonly log: string; readonly leaf_index: string; readonly leaf_hash: Buffer }
  readonly obligations: readonly {
    readonly id: string
    readonly type: string
    readonly properties: WireStruct | null
  }[]
  readonly times: { readonly evaluate_us: number; readonly append_us: number; readonly sign_us: number }
  readonly repeated_request: boolean
  readonly token_withheld: { readonly code: string; readonly text: string } | null
  /** That has to be granted, or was used; "": none. */
  readonly approval_id: string
  readonly approval_expires_at: { readonly seconds: string } | null
}

/** Properties become Structs. Parameters become bytes: a text's own, and of anything else its RFC 8785 JSON. */
export function toWireRequest(request: JsonObject): object {
  const withStruct = (value: JsonValue | undefined) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value
    const { properties, ...rest } = value as JsonObject
    return { ...rest, properties: jsonToStruct((properties as JsonObject | undefined) ?? {}) }
  }
  const { parameters, context } = request
  return {
    ...request,
    subject: withStruct(request["subject"]),
    action: withStruct(request["action"]),
    resource: withStruct(request["resource"]),
    context: jsonToStruct((context as JsonObject | undefined) ?? {}),
    ...(parameters !== undefined && {
      parameters: Buffer.from(typeof parameters === "string" ? parameters : encodeCanonicalJson(parameters)),
      parameters_content_type: request["parameters_content_type"] ?? "application/json",
    }),
  }
}

/** The inverse of jsonToStruct, of what proto-loader gives. */
export function structToJson(struct: WireStruct | null): JsonObject {
  return Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([name, value]) => [name, valueToJson(value)]))
}

function valueToJson(value: WireValue): JsonValue {
  if (value.structValue) return structToJson(value.structValue)
  if (value.listValue) return (value.listValue.values ?? []).map(valueToJson)
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null
}
