import { describe, expect, test } from "vitest"
import { HEAD_BYTES, parseShebang } from "../../../src/guard/shebang.ts"

const parse = (text: string) => parseShebang(Buffer.from(text))

describe("parseShebang", () => {
  test.each([
    ["#!/bin/sh\necho", { interpreter: "/bin/sh", search: false, arguments: [] }],
    ["#! \t/bin/sh", { interpreter: "/bin/sh", search: false, arguments: [] }],
    ["#!/bin/sh -e -u  \n", { interpreter: "/bin/sh", search: false, arguments: ["-e -u"] }],
    ["#!bin/sh\tx\n", { interpreter: "bin/sh", search: false, arguments: ["x"] }],
    ["#!/opt/ü/sh\n", { interpreter: "/opt/ü/sh", search: false, arguments: [] }],
    ["#!/usr/bin/env node\n", { interpreter: "node", search: true, arguments: [] }],
    [
      "#!/bin/env -S node --no-warnings  -x\n",
      { interpreter: "node", search: true, arguments: ["--no-warnings", "-x"] },
    ],
    ["#!/usr/bin/env -S/opt/node\n", { interpreter: "/opt/node", search: false, arguments: [] }],
    ["#!/usr/bin/environment x\n", { interpreter: "/usr/bin/environment", search: false, arguments: ["x"] }],
  ])("%j", (text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  test.each(["", "#", "\x7fELF", " #!/bin/sh\n"])("%j is not a script", (text) => {
    expect(parse(text)).toBeNull()
  })

  test.each([
    "#!\n",
    "#!   \n/bin/sh",
    "#!/bin/s\0h\n",
    "#!/usr/bin/env\n",
    "#!/usr/bin/env -i node\n",
    "#!/usr/bin/env node --flag\n",
    "#!/usr/bin/env A=b\n",
    "#!/usr/bin/env -S A=b node\n",
    "#!/usr/bin/env -S node 'a b'\n",
    "#!/usr/bin/env -S node $" + "{X}\n",
    "#!/usr/bin/env -S -i node\n",
  ])("%j is refused", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "COMMAND_NOT_EXECUTABLE" }))
  })

  test("a first line that the kernel would cut is refused, one that just fits is not", () => {
    const fits = `#!/${"a".repeat(HEAD_BYTES - 4)}\n`
    expect(fits).toHaveLength(HEAD_BYTES)
    expect(parse(fits)?.interpreter).toHaveLength(HEAD_BYTES - 3)
    expect(() => parse(`${fits.trim()}a\n`)).toThrow("longer than")
  })
})
