/** Imports run one way: docs/architecture.md has the table, and every file of src/ is held to it. */
import { readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import ts from "typescript"
import { describe, expect, test } from "vitest"
import { type Layer, readLayers } from "../../scripts/import-layers.ts"

const SRC = join(import.meta.dirname, "..", "..", "src")
const LEAST_FILES = 110
const LEAST_IMPORTS = 500

const layers = readLayers()
/** Types that a generator writes; they import each other and the library that they describe. */
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.startsWith("rpc/generated/"))
  .sort()
const importsOf = (path: string) =>
  ts.preProcessFile(readFileSync(join(SRC, path), "utf8")).importedFiles.map(({ fileName }) => fileName)

function layerOf(path: string): Layer | undefined {
  const name = path.includes("/") ? path.slice(0, path.indexOf("/")) : path
  return layers.find((layer) => layer.name === name)
}

/** What the table has against this import of this file; null when it allows it. */
function findOffence(path: string, specifier: string): string | null {
  const from = layerOf(path)
  if (!from) return `${path} is in no row of the table`
  if (!specifier.startsWith(".")) {
    const [scope = "", name] = specifier.split("/")
    const library = specifier.startsWith("node:") ? "node" : scope.startsWith("@") ? `${scope}/*` : scope
    const known = from.libraries.includes(library) || from.libraries.includes(`${scope}/${name}`)
    return known ? null : `${path} imports the library ${specifier}`
  }
  const to = layerOf(posix.join(posix.dirname(path), specifier))
  if (!to) return `${path} imports ${specifier}, which is in no row of the table`
  return to === from || from.mayImport.includes(to.name) ? null : `${path} imports ${specifier}`
}

describe("import table", () => {
  test("every file imports only what its row allows", () => {
    const imports = files.flatMap((path) => importsOf(path).map((specifier) => [path, specifier] as const))
    expect(imports.map(([path, specifier]) => findOffence(path, specifier)).filter(Boolean)).toEqual([])
    expect(files.length, "files seen").toBeGreaterThan(LEAST_FILES)
    expect(imports.length, "imports seen").toBeGreaterThan(LEAST_IMPORTS)
  })

  test("every row is a file or folder that exists", () => {
    expect(layers.map(({ name }) => name).sort()).toEqual(readdirSync(SRC).sort())
  })

  test("a library lives in one row, but for those that the document names", () => {
    const rows = new Map<string, string[]>()
    for (const { name, libraries } of layers)
      for (const library of libraries) rows.set(library, [...(rows.get(library) ?? []), name])
    const shared = [...rows].filter(([library, names]) => library !== "node" && names.length > 1)
    expect(Object.fromEntries(shared)).toEqual({
      "@grpc/*": ["rpc", "client"],
      "@peculiar/*": ["identity", "cli"],
      jose: ["identity", "cli"],
      "prom-client": ["metrics.ts", "monitor-metrics.ts"],
      "reflect-metadata": ["identity", "cli"],
      yaml: ["policy", "config.ts"],
    })
  })

  test("pure folders take nothing from Node, and what the verifier reaches is pure", () => {
    const pure = ["formats", "policy", "verify"]
    expect(layers.filter(({ name }) => pure.includes(name)).flatMap(({ libraries }) => libraries)).not.toContain("node")
    const reached = new Set(files.filter((path) => path.startsWith("verify/")))
    for (const path of reached)
      for (const specifier of importsOf(path))
        if (specifier.startsWith(".")) reached.add(posix.join(posix.dirname(path), specifier))
        else expect(specifier, path).not.toMatch(/^node:/)
    expect([...reached].filter((path) => path.startsWith("ledger/")).sort()).toEqual([
      "ledger/evidence.ts",
      "ledger/kinds.ts",
      "ledger/record.ts",
    ])
  })

  test("the client takes of rpc only how the API is loaded, who may call what, and how values are written and a status read", () => {
    const taken = files.filter((path) => path.startsWith("client/")).flatMap(importsOf)
    expect(new Set(taken.filter((specifier) => specifier.startsWith("../rpc/")))).toEqual(
      new Set(["../rpc/api.ts", "../rpc/load.ts", "../rpc/roles.ts", "../rpc/status.ts", "../rpc/struct.ts"]),
    )
  })

  test.each([
    ["policy/a.ts", "../token/token.ts"],
    ["ledger/a.ts", "../policy/types.ts"],
    ["ledger/a.ts", "node:fs"],
    ["formats/a.ts", "./../crypto.ts"],
    ["decision/a.ts", "pg"],
    ["store/sql/a.ts", "../../rpc/server.ts"],
    ["http/a.ts", "@grpc/grpc-js"],
    ["policy/a.ts", "hono/body-limit"],
    ["client/a.ts", "../store/connect.ts"],
    ["main.ts", "./app.ts"],
    ["nowhere/a.ts", "../errors.ts"],
    ["rpc/a.ts", "../nowhere/a.ts"],
  ])("%s that imports %s is an offence", (path, specifier) => {
    expect(findOffence(path, specifier)).toContain(path)
  })
})
