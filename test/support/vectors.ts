/** Reads test/vectors: one case per file, by family. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export interface Vector<Input, Expected> {
  readonly name: string
  readonly description: string
  readonly input: Input
  readonly expected: Expected
}

const folder = join(import.meta.dirname, "..", "vectors")

/** Throws when there are fewer than `atLeast`: a runner that finds nothing to run must not pass. */
export function readVectors<Input, Expected>(family: string, atLeast: number): Vector<Input, Expected>[] {
  const files = readdirSync(join(folder, family)).filter((file) => file.endsWith(".json"))
  if (files.length < atLeast) throw new Error(`test/vectors/${family} holds only ${files.length} vectors`)
  return files.map((file) => {
    const vector = JSON.parse(readFileSync(join(folder, family, file), "utf8")) as Vector<Input, Expected>
    if (`${vector.name}.json` !== file) throw new Error(`${family}/${file} is named ${vector.name} inside`)
    return vector
  })
}

/** Of every family. */
export function allVectors(): (Vector<unknown, Record<string, unknown>> & { readonly family: string })[] {
  const families = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return families.flatMap(({ name: family }) =>
    readVectors<unknown, Record<string, unknown>>(family, 1).map((vector) => ({ ...vector, family })),
  )
}

/** For test.each with "%s": the title first. */
export const titled = <T extends Vector<unknown, unknown>>(vectors: readonly T[]): [title: string, vector: T][] =>
  vectors.map((vector) => [`${vector.name}: ${vector.description}`, vector])
