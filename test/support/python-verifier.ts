/** The verifier in Python, as a stranger runs it. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { has } from "./system-package.ts"
import type { Asked } from "./vector-answers.ts"

const PYTHON = "/usr/bin/python3" // Debian's own, whichever python is first on PATH
const ROOT = join(import.meta.dirname, "..", "..")
export const VECTORS = join(ROOT, "test", "vectors")

export const hasPython = () => has("python3-cryptography", [PYTHON, "-c", "import cryptography"])

export function runPython(args: readonly string[], input = ""): { code: number | null; out: string; err: string } {
  const script = join(ROOT, "examples", "python-verifier", "verify.py")
  const { status, stdout, stderr } = spawnSync(PYTHON, [script, ...args], {
    input,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 256 * 1024 * 1024,
  })
  return { code: status, out: stdout, err: stderr }
}

/** What it says of each, all by one process. */
export function askPython(asked: readonly Asked[]): unknown[] {
  const { code, out, err } = runPython(["--batch"], asked.map((one) => `${JSON.stringify(one)}\n`).join(""))
  if (code !== 0) throw new Error(`verify.py --batch ended with ${code}: ${err}`)
  const answers = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown)
  if (answers.length !== asked.length) throw new Error(`${answers.length} answers to ${asked.length} inputs`)
  return answers
}
