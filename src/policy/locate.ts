/** From a path into what was read to its place in the text that it was read from. */
import { lineStarts, type Place, problemAt } from "./read-yaml.ts"
import { positionInScalar } from "./scalar-position.ts"
import type { PolicyProblem } from "./types.ts"

/** Where to show a problem, by its path. `offset` counts from the start of the value. */
export type Locate = (path: string, message: string, suggestion?: string, offset?: number) => PolicyProblem

/** What has no place of its own is shown where that stands which holds it; what nothing holds, at the start of `first`. */
export function createLocate(
  files: Readonly<Record<string, string>>,
  places: ReadonlyMap<string, Place>,
  first: string,
): Locate {
  const lines = new Map<string, readonly number[]>()
  return (path, message, suggestion, offset = 0) => {
    let known = path
    while (!places.has(known) && known !== "") known = known.slice(0, known.lastIndexOf("/"))
    const place = places.get(known) ?? { file: first, offset: 0 }
    const text = files[place.file] as string
    const starts = lines.get(place.file) ?? lineStarts(text)
    lines.set(place.file, starts)
    const at = positionInScalar(text, place.offset, offset)
    return problemAt({ file: place.file, offset: at }, text, message, suggestion, starts)
  }
}
