/** A copy of the built program with a fault built in: what is run is what was built, but for that. */
import { appendFileSync, cpSync, symlinkSync } from "node:fs"
import { join } from "node:path"

const ROOT = join(import.meta.dirname, "..", "..")

/** `from` is lowered as `to`, both where an overload is called and where the operands' types are known. Gives its main.js. */
export function buildMutant(folder: string, from: string, to: string): string {
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true })
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"))
  for (const name of ["node_modules", "proto", "migrations", "examples"])
    symlinkSync(join(ROOT, name), join(folder, name))
  appendFileSync(join(folder, "dist", "cel", "operators.js"), `\nOPERATORS["${from}"] = OPERATORS["${to}"];\n`)
  appendFileSync(
    join(folder, "dist", "cel", "standard.js"),
    `
for (const one of STANDARD.filter(({ name }) => name === "${from}"))
  one.call = STANDARD.find(({ name, parameters }) => name === "${to}" && JSON.stringify(parameters) === JSON.stringify(one.parameters)).call;
`,
  )
  return join(folder, "dist", "main.js")
}
