/** What of a request may be recorded: all but what the bundle declares `record: never`. */
import type { JsonObject } from "../formats/ports.ts"
import type { Bundle, Properties } from "./bundle.ts"
import { NOT_RECORDED, type Policy } from "./types.ts"

export function createRecording(
  bundle: Bundle,
): Pick<Policy, "recordable" | "recordsAllOf" | "recordsParameters" | "neverRecorded"> {
  const neverRecorded = collectNeverRecorded(bundle)
  return {
    recordable(request) {
      const { subject, action, resource, context } = request
      const mask = (properties: JsonObject, names: ReadonlySet<string> | undefined): JsonObject =>
        names
          ? Object.fromEntries(
              Object.entries(properties).map(([name, value]) => [name, names.has(name) ? NOT_RECORDED : value]),
            )
          : properties
      return {
        subject: { ...subject, properties: mask(subject.properties, neverRecorded.get(`subject ${subject.type}`)) },
        action: { ...action, properties: mask(action.properties, neverRecorded.get(`action ${action.name}`)) },
        resource: {
          ...resource,
          properties: mask(resource.properties, neverRecorded.get(`resource ${resource.type}`)),
        },
        context: mask(context, neverRecorded.get("context")),
      }
    },

    recordsAllOf({ subject, action, resource }) {
      return (
        neverRecorded.size === 0 ||
        !(
          neverRecorded.has("context") ||
          neverRecorded.has(`subject ${subject.type}`) ||
          neverRecorded.has(`resource ${resource.type}`) ||
          neverRecorded.has(`action ${action.name}`) ||
          neverRecorded.has(`parameters ${action.name}`)
        )
      )
    },
    recordsParameters: (action) => !neverRecorded.has(`parameters ${action}`),
    neverRecorded({ subject, action, resource }) {
      const paths = (key: string, path: string) => [...(neverRecorded.get(key) ?? [])].map((name) => `${path}.${name}`)
      return [
        ...paths(`subject ${subject.type}`, "subject.properties"),
        ...paths(`action ${action.name}`, "action.properties"),
        ...paths(`resource ${resource.type}`, "resource.properties"),
        ...paths("context", "context"),
        ...paths(`parameters ${action.name}`, "parameters"),
      ]
    },
  }
}

function collectNeverRecorded(bundle: Bundle): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>()
  const collect = (key: string, properties: Properties) => {
    const names = Object.entries(properties)
      .filter(([, property]) => property.record === "never")
      .map(([name]) => name)
    if (names.length > 0) found.set(key, new Set(names))
  }
  for (const [type, { properties }] of Object.entries(bundle.types.subjects)) collect(`subject ${type}`, properties)
  for (const [type, { properties }] of Object.entries(bundle.types.resources)) collect(`resource ${type}`, properties)
  for (const [name, { properties, parameters }] of Object.entries(bundle.types.actions)) {
    collect(`action ${name}`, properties)
    collect(`parameters ${name}`, parameters ?? {})
  }
  collect("context", bundle.types.context)
  return found
}
