/** The bundles of examples/. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"

export const EXAMPLES = join(import.meta.dirname, "..", "..", "examples")
export const EXAMPLE_BUNDLES = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, "policy.yaml")))
