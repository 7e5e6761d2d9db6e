/** The import table of docs/architecture.md, and the same as biome-layers.json, so that the editor shows an offence too. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const ROOT = join(import.meta.dirname, "..")
const MESSAGE = "The import table of docs/architecture.md does not allow this."

/** A folder of src/, or a file in it. */
export interface Layer {
  readonly name: string
  /** Names of layers above it in the table. */
  readonly mayImport: readonly string[]
  /** `pg` with its subpaths, `@grpc/*`, or `node` for what Node brings. */
  readonly libraries: readonly string[]
}

/** Top to bottom. Throws when a row names what does not stand above it, so that imports cannot run in a circle. */
export function readLayers(): Layer[] {
  const text = readFileSync(join(ROOT, "docs", "architecture.md"), "utf8")
  const names = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)
  const layers: Layer[] = []
  let inTable = false
  for (const line of text.split("\n")) {
    if (line.startsWith("| in `src/` |")) inTable = true
    else if (inTable && !line.startsWith("|")) break
    else if (inTable && !line.startsWith("|---")) {
      const [, first, imports = "", libraries] = line.split("|")
      const [name] = names(first)
      const above = layers.map((layer) => layer.name)
      const named = names(imports)
      const mayImport = imports.includes("everything above") ? above.filter((other) => !named.includes(other)) : named
      const unknown = mayImport.find((other) => !above.includes(other))
      if (!name || unknown) throw new Error(`the import table's row "${line}" names ${unknown}, which is not above it`)
      layers.push({ name, mayImport, libraries: names(libraries) })
    }
  }
  return layers
}

/** Everything is forbidden but what the row names. A file lies directly in its layer's folder, or one folder deeper. */
function toOverrides(layers: readonly Layer[]): object[] {
  return layers.flatMap((layer) => {
    const libraries = layer.libraries.flatMap((library) => {
      if (library === "node") return ["node:*", "node:*/**"]
      return library.endsWith("/*") ? [`${library}*`] : [library, `${library}/**`]
    })
    const allow = (up: string, own: readonly string[]) => [
      ...own,
      ...layer.mayImport.map((name) => (name.endsWith(".ts") ? `${up}${name}` : `${up}${name}/**`)),
      ...libraries,
    ]
    if (layer.name.endsWith(".ts")) return [toOverride(`src/${layer.name}`, allow("./", []))]
    const direct = toOverride(`src/${layer.name}/*.ts`, allow("../", ["./**"]))
    return hasFolders(layer.name)
      ? [direct, toOverride(`src/${layer.name}/*/*.ts`, allow("../../", ["./**", "../*.ts", "../*/**"]))]
      : [direct]
  })
}

function hasFolders(name: string): boolean {
  const folder = join(ROOT, "src", name)
  return existsSync(folder) && readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory())
}

function toOverride(files: string, allowed: readonly string[]): object {
  const patterns = [{ group: ["**", ...allowed.map((pattern) => `!${pattern}`)], message: MESSAGE }]
  return {
    includes: [files],
    linter: { rules: { style: { noRestrictedImports: { level: "error", options: { patterns } } } } },
  }
}

if (process.argv[1] === import.meta.filename) {
  const lines = toOverrides(readLayers()).map((override) => JSON.stringify(override))
  writeFileSync(join(ROOT, "biome-layers.json"), `{"overrides": [\n${lines.join(",\n")}\n]}\n`)
}
