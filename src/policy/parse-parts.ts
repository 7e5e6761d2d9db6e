/** What several parts of a bundle are made of. */
import type { JsonValue } from "../formats/ports.ts"
import { suggest } from "../formats/suggest.ts"
import { compileGlob } from "./bundle.ts"
import { KEY, type Reader } from "./reader.ts"

export const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

export function actionGlobs(
  read: Reader,
  path: string,
  raw: JsonValue | undefined,
  actions: readonly string[],
  what = "rule",
): readonly string[] {
  const list = read.list(path, raw).map((item, i) => read.text(`${path}/${i}`, item))
  list.forEach((glob, i) => {
    if (glob !== "" && !actions.some(compileGlob(glob)))
      read.fault(
        `${path}/${i}`,
        `No declared action matches "${glob}", so this can never match.`,
        suggest(glob, actions),
      )
  })
  if (list.length === 0) read.fault(path, `A ${what} names at least one action; otherwise it can never match.`)
  return list
}

export function mapValues<T>(
  read: Reader,
  path: string,
  raw: JsonValue | undefined,
  name: RegExp,
  parse: (path: string, value: JsonValue) => T,
): { readonly [key: string]: T } {
  const parsed: Record<string, T> = Object.create(null) as Record<string, T>
  for (const [key, value] of Object.entries(read.object(path, raw, null))) {
    if (!name.test(key)) read.fault(`${path}/${key}${KEY}`, `"${key}" is not a valid name here.`)
    parsed[key] = parse(`${path}/${key}`, value)
  }
  return parsed
}
