/** Version of this program, from package.json; records name it as their engine. */
import { createRequire } from "node:module"

export const VERSION: string = (createRequire(import.meta.url)("../package.json") as { version: string }).version
export const ENGINE = `writ/${VERSION}`
