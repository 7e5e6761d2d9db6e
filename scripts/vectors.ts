/**
 * Writes test/vectors: one JSON file per case, usable from any language. Nothing of src/ is asked what to expect: that is
 * written down by hand here, or comes from the naive implementations in test/support, node:crypto or jose.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FAMILIES } from "./vectors/families.ts"

const folder = join(import.meta.dirname, "..", "test", "vectors")
let count = 0
for (const entry of readdirSync(folder, { withFileTypes: true }))
  if (entry.isDirectory()) rmSync(join(folder, entry.name), { recursive: true })
for (const [family, vectors] of Object.entries(FAMILIES)) {
  mkdirSync(join(folder, family), { recursive: true })
  for (const vector of vectors) {
    // "wx": two vectors of one name are a mistake
    writeFileSync(join(folder, family, `${vector.name}.json`), `${JSON.stringify(vector, null, 2)}\n`, { flag: "wx" })
    count++
  }
}
console.log(`${count} vectors in ${Object.keys(FAMILIES).length} families`)
