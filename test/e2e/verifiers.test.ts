import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, describe, expect, test } from "vitest"
import { makeFolder } from "../support/folder.ts"
import { hasPython, runPython, VECTORS } from "../support/python-verifier.ts"
import { createAnswers, type Library, MODULES } from "../support/vector-answers.ts"
import { allVectors } from "../support/vectors.ts"

const ROOT = join(import.meta.dirname, "..", "..")
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
    expect(differing(vectors.map(answer))).toEqual([])
  })

  test.skipIf(!hasPython())("examples/python-verifier", () => {
    const { code, out } = runPython(["--vectors", VECTORS])
    expect(out).toMatch(/\nAll agree\.\n$/)
    expect(code).toBe(0)
    const counted = [...out.matchAll(/^\S+: (\d+) vectors$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
    expect(counted).toBe(vectors.length)
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
