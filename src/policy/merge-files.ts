/** The files of a bundle, read as one. */
import { utf8 } from "../formats/bytes.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { MAX_BUNDLE_BYTES, MAX_FILES } from "./bundle.ts"
import { createLocate, type Locate } from "./locate.ts"
import { type Place, problemAt, readYaml } from "./read-yaml.ts"
import { KEY } from "./reader.ts"
import type { PolicyProblem } from "./types.ts"

/** Tests of a bundle lie beside it, and are not part of it. */
export function isTestFile(name: string): boolean {
  return /_test\.ya?ml$/.test(name)
}

/** Mappings are joined, lists appended; the same key in two files is refused. */
export function mergeFiles(
  files: Readonly<Record<string, string>>,
  which: "policy" | "test" = "policy",
): { readonly value: JsonValue; readonly locate: Locate } | { readonly problems: readonly PolicyProblem[] } {
  const names = Object.keys(files)
    .filter((name) => /\.ya?ml$/.test(name) && isTestFile(name) === (which === "test"))
    .sort()
  const first = names[0] ?? "."
  const fail = (file: string, message: string) => ({ problems: [{ file, line: 1, column: 1, message }] })
  if (names.length === 0)
    return fail(".", `There is no ${which} file (*${which === "test" ? "_test" : ""}.yaml) in this folder.`)
  if (names.length > MAX_FILES) return fail(".", `A bundle has at most ${MAX_FILES} files.`)
  if (names.reduce((sum, name) => sum + utf8(files[name] as string).length, 0) > MAX_BUNDLE_BYTES)
    return fail(".", `A bundle has at most ${MAX_BUNDLE_BYTES} bytes.`)
  const places = new Map<string, Place>()
  const problems: PolicyProblem[] = []
  const root = emptyMapping()
  for (const name of names) {
    const read = readYaml(name, files[name] as string)
    if ("problems" in read) problems.push(...read.problems)
    else merge(root, read.value, "", "", new Places(read.places), name)
  }
  if (problems.length > 0) return { problems }
  const locate = createLocate(files, places, first)
  return { value: root, locate }

  function merge(
    into: Record<string, JsonValue>,
    from: JsonValue,
    path: string,
    source: string,
    from_places: Places,
    file: string,
  ): void {
    if (from === null) return
    if (typeof from !== "object" || Array.isArray(from)) {
      problems.push(problemAt({ file, offset: 0 }, files[file] as string, "A policy file is a mapping."))
      return
    }
    for (const [key, value] of Object.entries(from as JsonObject)) {
      const to = `${path}/${key}`
      const old = into[key]
      if (Array.isArray(value) && (old === undefined || Array.isArray(old))) {
        const base = (old as readonly JsonValue[] | undefined) ?? []
        into[key] = [...base, ...value]
        value.forEach((_, i) => copyPlaces(`${source}/${key}/${i}`, `${to}/${base.length + i}`, from_places))
        copyPlace(`${source}/${key}`, to, from_places)
      } else if (isMapping(value) && (old === undefined || isMapping(old)) && path.split("/").length < 3) {
        copyPlace(`${source}/${key}`, to, from_places)
        const inner = Object.assign(emptyMapping(), old)
        merge(inner, value, to, `${source}/${key}`, from_places, file)
        into[key] = inner
      } else if (old !== undefined) {
        const place = from_places.get(`${source}/${key}${KEY}`) ?? { file, offset: 0 }
        problems.push(problemAt(place, files[file] as string, `"${to.slice(1)}" is given in two files.`))
      } else {
        into[key] = value
        copyPlaces(`${source}/${key}`, to, from_places)
      }
    }
  }
  function copyPlace(from: string, to: string, source: Places): void {
    for (const end of ["", KEY]) {
      const place = source.get(from + end)
      if (place && !places.has(to + end)) places.set(to + end, place)
    }
  }
  /** Of a value and all in it. */
  function copyPlaces(from: string, to: string, source: Places): void {
    const key = source.get(from + KEY)
    if (key) places.set(to + KEY, key)
    for (const [path, place] of source.within(from)) places.set(to + path.slice(from.length), place)
  }
}

/** The places of one file: a value's own is followed by those of what is in it, so that a part is found without a search. */
class Places {
  readonly #entries: readonly (readonly [string, Place])[]
  readonly #at = new Map<string, number>()
  constructor(places: ReadonlyMap<string, Place>) {
    this.#entries = [...places]
    this.#entries.forEach(([path], i) => this.#at.set(path, i))
  }
  get(path: string): Place | undefined {
    return this.#entries[this.#at.get(path) ?? -1]?.[1]
  }
  *within(path: string): Generator<readonly [string, Place]> {
    for (let i = this.#at.get(path) ?? this.#entries.length; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as readonly [string, Place]
      if (entry[0] !== path && !entry[0].startsWith(`${path}/`)) return
      yield entry
    }
  }
}

/** Without a prototype, so that a key named `__proto__` or `constructor` is only a key. */
function emptyMapping(): Record<string, JsonValue> {
  return Object.create(null) as Record<string, JsonValue>
}

function isMapping(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
