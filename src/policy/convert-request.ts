/** A request, from JSON to what conditions see, by the declared types: once per request. */
import type { Value } from "../cel/value.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Bundle, Properties } from "./bundle.ts"
import type { Bindings, Group, Layout } from "./layout.ts"
import type { Entity, PolicyReason, PolicyRequest } from "./types.ts"
import { type Converted, convertProperties, timestampOf } from "./values.ts"

export interface Prepared {
  /** Why it does not fit the types. */
  readonly reasons: readonly PolicyReason[]
  readonly bindings: Bindings
}

const NONE: Properties = {}
const NO_HISTORY = {}
const EPOCH = timestampOf(0)
/** Of a request on which nothing is evaluated. */
const UNBOUND: Bindings = { roots: {} as Bindings["roots"], values: [] }

/** `usesNow`: does any condition mention `now`? */
export function createRequestConversion(
  types: Bundle["types"],
  constants: Readonly<Record<string, Value>>,
  layout: Layout,
  usesNow: boolean,
): (request: PolicyRequest) => Prepared {
  return function convertRequest(request) {
    const reasons: PolicyReason[] = []
    const { subject, resource, action, context, parameters } = request
    const subjectType = own(types.subjects, subject.type)
    const resourceType = own(types.resources, resource.type)
    const actionType = own(types.actions, action.name)
    const unknown = (what: string, pointer: string) =>
      reasons.push({ code: "TYPE_UNKNOWN", text: `The policy declares no such ${what}.`, pointer })
    if (!subjectType) unknown("subject type", "/subject/type")
    if (!actionType) unknown("action", "/action/name")
    if (!resourceType) unknown("resource type", "/resource/type")
    if (!subjectType || !resourceType || !actionType) return { reasons, bindings: UNBOUND }
    const now = usesNow ? timestampOf(request.nowMs) : EPOCH
    const values = layout.begin(subject, resource, action.name, request.audience, now)
    const convert = (declared: Properties, properties: JsonObject, group: Group, pointer: string) =>
      convertProperties(declared, properties, pointer, reasons, layout.numbersIn(group), values)
    const roots: Bindings["roots"] = {
      subject: toEntity(
        subject,
        convert(subjectType.properties, subject.properties, "subject.properties", "/subject/properties"),
      ),
      resource: toEntity(
        resource,
        convert(resourceType.properties, resource.properties, "resource.properties", "/resource/properties"),
      ),
      action: {
        name: action.name,
        properties: convert(actionType.properties, action.properties, "action.properties", "/action/properties"),
      },
      context: convert(types.context, context, "context", "/context"),
      parameters: convertParameters(actionType.parameters, parameters, reasons, (properties) =>
        convert(actionType.parameters ?? NONE, properties, "parameters", ""),
      ),
      audience: request.audience,
      now,
      constants,
      history: NO_HISTORY,
    }
    return { reasons, bindings: { roots, values } }
  }
}

function convertParameters(
  declared: Properties | null,
  parameters: PolicyRequest["parameters"],
  reasons: PolicyReason[],
  convert: (properties: JsonObject) => Converted,
): Converted {
  if (declared === null || parameters.kind === "opaque") return {}
  const before = reasons.length
  const value = parameters.kind === "json" ? parameters.value : {}
  const values =
    typeof value === "object" && value !== null && !Array.isArray(value) ? convert(value as JsonObject) : null
  if (values === null)
    reasons.push({ code: "PARAMETERS_INVALID", text: "The parameters must be a JSON object.", pointer: "/parameters" })
  for (let i = before; i < reasons.length; i++) {
    const { text, pointer } = reasons[i] as PolicyReason
    reasons[i] = {
      code: "PARAMETERS_INVALID",
      text,
      pointer: pointer?.startsWith("/parameters") ? pointer : `/parameters${pointer ?? ""}`,
    }
  }
  return values ?? {}
}

function toEntity({ type, id }: Entity, properties: Converted): Value {
  return { type, id, properties }
}
export function own<T>(table: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
