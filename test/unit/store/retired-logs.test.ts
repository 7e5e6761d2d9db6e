import { createPublicKey } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { fromHex } from "../../../src/formats/bytes.ts"
import { openKey } from "../../../src/store/key-files.ts"
import { previousLog, retireLog } from "../../../src/store/retired-logs.ts"
import { makeFolder } from "../../support/folder.ts"

const folder = makeFolder()
let counter = 0
afterAll(() => folder.remove())

/** A folder whose log signed these sizes: of its first log, of its second one, and so on. */
function signedBy(...sizes: readonly number[]): string {
  const data = join(folder.path, `data-${counter++}`)
  mkdirSync(join(data, "keys"), { recursive: true })
  sign(data, ...sizes)
  return data
}
function sign(data: string, ...sizes: readonly number[]): void {
  openKey(join(data, "keys", "checkpoint.key"))
  sizes.forEach((size, i) => {
    writeFileSync(join(data, i === 0 ? "checkpoint.state" : `checkpoint-${i + 1}.state`), `${size} ${rootOf(size)}\n`)
  })
}
const rootOf = (size: number) => String(size % 10).repeat(64)
const keyOf = (data: string) =>
  createPublicKey(readFileSync(join(data, "keys", "checkpoint.key"))).export({ format: "jwk" }).x
const left = (data: string) => readdirSync(data).filter((name) => name.startsWith("checkpoint"))

describe("retireLog", () => {
  test("key and state leave the folder together, and say what was signed last by which key", () => {
    const data = signedBy(7)
    const key = keyOf(data)
    expect(previousLog(data)).toBeNull()
    const kept = retireLog(data)
    expect(previousLog(data)).toEqual({ key, signed: { size: 7, root: fromHex(rootOf(7)) } })
    expect([left(data), existsSync(join(data, "keys", "checkpoint.key"))]).toEqual([[], false])
    expect(readdirSync(kept).sort()).toEqual(["checkpoint.key", "checkpoint.state"])
  })

  test("one after the other: the newest is the one before; of several logs of a key it is the newest as well", () => {
    const data = signedBy(7)
    retireLog(data)
    sign(data, ...Array.from({ length: 10 }, (_, i) => 20 + i))
    const key = keyOf(data)
    retireLog(data)
    expect(previousLog(data)).toEqual({ key, signed: { size: 29, root: fromHex(rootOf(29)) } })
    expect(readdirSync(join(data, "retired-logs")).sort()).toEqual(["1", "2"])
  })

  test("a crash between key and state: the next start finishes it before it makes a key", () => {
    const data = signedBy(7, 9)
    const key = keyOf(data)
    const kept = retireLog(data)
    for (const state of ["checkpoint.state", "checkpoint-2.state"]) {
      renameSync(join(kept, state), join(data, state))
      expect(previousLog(data)).toEqual({ key, signed: { size: 9, root: fromHex(rootOf(9)) } })
      expect(left(data)).toEqual([])
    }
  })

  test("a key that is lost, and not retired, takes nothing with it", () => {
    const data = signedBy(7)
    retireLog(data)
    sign(data, 30)
    rmSync(join(data, "keys", "checkpoint.key"))
    expect(previousLog(data)?.signed.size).toBe(7)
    expect(left(data), "so that the next start finds that its new key has signed nothing of this").toEqual([
      "checkpoint.state",
    ])
    expect(() => retireLog(data)).toThrow(/there is none to end/)
  })

  test("where nothing was signed there is nothing to end", () => {
    const data = signedBy()
    expect(() => retireLog(data)).toThrow(/there is none to end/)
    expect(existsSync(join(data, "keys", "checkpoint.key"))).toBe(true)
  })
})
