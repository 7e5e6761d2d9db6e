import { createHash } from "node:crypto"
import { chmodSync, fstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { measure } from "../../../src/guard/measure.ts"
import { makeFolder } from "../../support/folder.ts"

const folder = makeFolder()
afterAll(() => folder.remove())
const NODE = process.execPath
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex")
const openDescriptors = () => readdirSync("/dev/fd").length

function write(name: string, text: string, mode = 0o755): string {
  const path = join(folder.path, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const input = (command: readonly string[], path = "/usr/bin:/bin") => ({
  command,
  workingFolder: folder.path,
  environment: { PATH: path },
  user: { uid: 1, gid: 2 },
})

describe("measure", () => {
  test("a program: its digest, its open file, and what is executed", () => {
    const measured = measure(input([NODE, "a"]))
    expect(measured.measurement).toMatchObject({ code: sha256(NODE), image: null, user: { uid: 1, gid: 2 } })
    expect(measured.words).toEqual([{ file: 0 }, "a"])
    const fd = measured.files[0]?.fd as number
    expect(fstatSync(fd).isFile()).toBe(true)
    measured.close()
    expect(() => fstatSync(fd)).toThrow("EBADF")
  })

  test("nested scripts are all measured, and execute as the kernel would", () => {
    const inner = write("inner", `#!${NODE} --inner arg\n`)
    const middle = write("middle", "#!inner -m\n") // relative to the working folder
    const outer = write("outer", `#! ${middle}\n`)
    const measured = measure(input(["./outer", "x"]))
    expect(measured.files.map((file) => file.path)).toEqual([outer, middle, inner, NODE])
    expect(measured.words).toEqual([{ file: 3 }, "--inner arg", { file: 2 }, "-m", { file: 1 }, { file: 0 }, "x"])
    measured.close()
  })

  test("the interpreters' nesting is bounded, a script that is its own interpreter too", () => {
    const before = openDescriptors()
    write("self", `#!${join(folder.path, "self")}\n`)
    expect(() => measure(input(["./self"]))).toThrow("interpreters are nested")
    expect(openDescriptors(), "all are closed again").toBe(before)
  })

  test("PATH is searched in order, past what cannot be executed; an empty entry is the working folder", () => {
    mkdirSync(join(folder.path, "one"))
    mkdirSync(join(folder.path, "two"))
    write("one/tool", "#!/bin/sh\n", 0o644)
    const found = write("two/tool", "#!/bin/sh\n")
    const search = measure(input(["tool"], `${folder.path}/none:${folder.path}/one:${folder.path}/two`))
    expect(search.files[0]?.path).toBe(found)
    search.close()
    const here = write("here", "#!/bin/sh\n")
    const empty = measure(input(["here"], ":/bin"))
    expect(empty.files[0]?.path).toBe(here)
    empty.close()
  })

  test.each([
    [["no-such-command"], "COMMAND_NOT_FOUND"],
    [["./no-such-file"], "COMMAND_NOT_FOUND"],
    [[""], "COMMAND_NOT_FOUND"],
    [[], "COMMAND_NOT_FOUND"],
    [["a\0b"], "COMMAND_NOT_FOUND"],
    [["/usr"], "COMMAND_NOT_EXECUTABLE"],
    [["./plain"], "COMMAND_NOT_EXECUTABLE"],
    [["./text"], "COMMAND_NOT_EXECUTABLE"],
    [["./missing-interpreter"], "COMMAND_NOT_FOUND"],
  ])("%j is refused: %s", (command, code) => {
    const before = openDescriptors()
    write("plain", "#!/bin/sh\n", 0o644)
    write("text", "echo a shell would run this\n")
    write("missing-interpreter", "#!/no/such/interpreter\n")
    expect(() => measure(input(command))).toThrow(expect.objectContaining({ code }))
    expect(openDescriptors(), "all are closed again").toBe(before)
  })
})
