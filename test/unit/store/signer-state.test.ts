import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import type { SignedState } from "../../../src/ledger/checkpointer.ts"
import { createSignerState } from "../../../src/store/signer-state.ts"
import { makeFolder } from "../../support/folder.ts"

const folder = makeFolder()
let counter = 0
const newPath = () => join(folder.path, `${counter++}.state`)
const at = (size: number): SignedState => ({ size, root: new Uint8Array(32).fill(size) })
const FROZEN = expect.objectContaining({ code: "LEDGER_FROZEN" })
afterAll(() => folder.remove())

describe("createSignerState", () => {
  test("remembers what was signed last, and refuses a file that is damaged", async () => {
    const path = newPath()
    expect(createSignerState(path).read()).toBeNull()
    await createSignerState(path).write(at(7), null)
    expect(createSignerState(path).read()).toEqual(at(7))
    for (const text of ["", "7\n", `7 ${"09".repeat(31)}\n`, `-7 ${"09".repeat(32)}\n`, `7 ${"09".repeat(32)}`]) {
      writeFileSync(path, text)
      expect(() => createSignerState(path).read(), JSON.stringify(text)).toThrow(/damaged.*never delete it/)
    }
  })

  test("of two that have the same key and file the second finds out before it signs", async () => {
    const path = newPath()
    const [one, two] = [createSignerState(path), createSignerState(path)]
    await one.write(at(3), null)
    await expect(two.write(at(4), null)).rejects.toEqual(FROZEN)
    await one.write(at(5), at(3))
    await expect(two.write(at(6), at(3))).rejects.toEqual(FROZEN)
    expect(one.read()).toEqual(at(5))
  })

  test("a file that was put back, or is gone, is no state to go on from", async () => {
    const path = newPath()
    const state = createSignerState(path)
    await state.write(at(3), null)
    await state.write(at(5), at(3))
    writeFileSync(path, `3 ${"03".repeat(32)}\n`)
    await expect(state.write(at(6), at(5))).rejects.toEqual(FROZEN)
    rmSync(path)
    await expect(state.write(at(6), at(5))).rejects.toEqual(FROZEN)
    writeFileSync(path, `5 ${"06".repeat(32)}\n`)
    await expect(state.write(at(6), at(5)), "the size alone is not enough").rejects.toEqual(FROZEN)
  })

  test("a write that failed, kept or not, is no reason to stop", async () => {
    const path = newPath()
    const state = createSignerState(path)
    await state.write(at(3), null)
    mkdirSync(`${path}.new`) // in the way of the next write
    await expect(state.write(at(5), at(3))).rejects.toMatchObject({ code: "EISDIR" })
    rmSync(`${path}.new`, { recursive: true })
    await state.write(at(6), at(3))
    await state.write(at(9), at(3)) // 6 was written, and the caller heard that its fsync failed
    expect(state.read()).toEqual(at(9))
  })
})
