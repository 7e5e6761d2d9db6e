/** Writes docs/schema: what editors know of a bundle's YAML and of its tests, from the tables that the reader has. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { BUNDLE_SCHEMA } from "./policy-schema/bundle.ts"
import { BUNDLE_TEST_SCHEMA } from "./policy-schema/bundle-test.ts"

const folder = join(import.meta.dirname, "..", "docs", "schema")
mkdirSync(folder, { recursive: true })
for (const [name, schema] of Object.entries({ bundle: BUNDLE_SCHEMA, "bundle-test": BUNDLE_TEST_SCHEMA }))
  writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`)
