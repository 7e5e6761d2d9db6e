import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import ts from "typescript"
import { afterAll, describe, expect, test } from "vitest"
import { hasChromium, openPage } from "../support/chromium.ts"
import { makeFolder } from "../support/folder.ts"
import { hasPython, runPython, VECTORS } from "../support/python-verifier.ts"
import { createAnswers, type Library, MODULES } from "../support/vector-answers.ts"
import { allVectors } from "../support/vectors.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, { default: string }>>
}
const vectors = allVectors()

/** Those that are answered otherwise than they expect: with their names, so that a failure says which. */
function differing(answers: readonly unknown[]): object[] {
  expect(answers).toHaveLength(vectors.length)
  return vectors.flatMap(({ family, name, expected }, i) => {
    const isSame = JSON.stringify(sorted(answers[i])) === JSON.stringify(sorted(expected))
    return isSame ? [] : [{ vector: `${family}/${name}`, expected, answered: answers[i] }]
  })
}
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, member]) => [key, sorted(member)]),
  )
}

test("there are at least 200 vectors, and half of them are hostile", () => {
  const hostile = vectors.filter(
    ({ expected }) =>
      [expected["valid"], expected["accepted"], expected["well_formed"]].includes(false) ||
      expected["refused"] === true,
  )
  expect(vectors.length).toBeGreaterThan(700)
  expect(hostile.length).toBeGreaterThan(vectors.length / 2)
})

describe("every vector, answered by", () => {
  test("the built package in Node", async () => {
    const load = async (path: string) => await import(pathToFileURL(join(ROOT, "dist", `${path}.js`)).href)
    const modules = Object.entries(MODULES).map(async ([name, path]) => [name, await load(path)])
    const answer = createAnswers(Object.fromEntries(await Promise.all(modules)) as Library)
    expect(differing(await Promise.all(vectors.map(answer)))).toEqual([])
  })

  test.skipIf(!hasPython())("examples/python-verifier", () => {
    const { code, out } = runPython(["--vectors", VECTORS])
    expect(out).toMatch(/\nAll agree\.\n$/)
    expect(code).toBe(0)
    const counted = [...out.matchAll(/^\S+: (\d+) vectors$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
    expect(counted).toBe(vectors.length)
  })

  test.skipIf(!hasChromium())("writ/verify in Chromium", async () => {
    const source = readFileSync(join(ROOT, "test", "support", "vector-answers.ts"), "utf8")
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    })
    const imports = {
      "writ/verify": (exports["./verify"]?.default ?? "").slice(1),
      "@noble/ed25519": "/node_modules/@noble/ed25519/index.js",
      "@noble/hashes/sha2.js": "/node_modules/@noble/hashes/sha2.js",
    }
    const site = await openPage(ROOT, ["/dist/", "/node_modules/@noble/"], {
      "/index.html": `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>`,
      "/answers.js": outputText,
    })
    try {
      const answers = await site.page.evaluate(`(async (asked) => {
        const { createAnswers, MODULES } = await import("/answers.js")
        const load = async ([name, path]) => [name, await import(name === "verify" ? "writ/verify" : "/dist/" + path + ".js")]
        const library = Object.fromEntries(await Promise.all(Object.entries(MODULES).map(load)))
        return await Promise.all(asked.map(createAnswers(library)))
      })(${JSON.stringify(vectors.map(({ family, name, input }) => ({ family, name, input })))})`)
      expect(site.errors).toEqual([])
      expect(differing(answers as unknown[])).toEqual([])
    } finally {
      await site.close()
    }
  })
})

describe.skipIf(!hasPython())("verify.py --vectors", () => {
  const folder = makeFolder()
  afterAll(() => folder.remove())
  const vectorsWith = (change: (path: string) => void) => {
    const path = join(folder.path, "vectors")
    cpSync(VECTORS, path, { recursive: true })
    change(path)
    const result = runPython(["--vectors", path])
    rmSync(path, { recursive: true })
    return result
  }

  test("names the vector that it answers otherwise, and ends with 1", () => {
    const { code, out } = vectorsWith((path) => {
      const file = join(path, "evidence", "revoked.json")
      writeFileSync(file, readFileSync(file, "utf8").replace('"state": "REVOKED"', '"state": "LOST"'))
    })
    expect(code).toBe(1)
    expect(out).toMatch(/^evidence\/revoked\.json: expected .*'LOST'.*, answered .*'REVOKED'/m)
  })

  test.each<[what: string, change: (path: string) => void]>([
    [
      "a family that it does not know",
      (path) => cpSync(join(path, "beats"), join(path, "heartbeats"), { recursive: true }),
    ],
    ["a family that is missing", (path) => rmSync(join(path, "beats"), { recursive: true })],
    [
      "a family without vectors",
      (path) => {
        rmSync(join(path, "beats"), { recursive: true })
        mkdirSync(join(path, "beats"))
      },
    ],
  ])("%s: nothing is taken as checked", (_, change) => {
    expect(vectorsWith(change).code).toBe(2)
  })
})
