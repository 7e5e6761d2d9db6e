/** `writ doctor`: would a daemon start with this configuration, and be safe? Exit code 1 when there is a problem. */
import { loadConfig, SETTINGS } from "../../config.ts"
import { WritError } from "../../errors.ts"
import type { Flags } from "../cli.ts"
import { print, printJson } from "../output.ts"
import { diagnose, type Finding } from "./findings.ts"

const SIGNS = { ok: "✓", warning: "!", problem: "✗" } as const

export async function doctorCommand(flags: Flags): Promise<number> {
  const findings = await examine(flags)
  const problems = findings.filter(({ state }) => state === "problem").length
  const warnings = findings.filter(({ state }) => state === "warning").length
  if (flags["json"]) printJson({ ok: problems === 0, findings })
  else {
    const width = Math.max(...findings.map(({ item }) => item.length))
    for (const { item, state, text, fix } of findings) {
      print(`${SIGNS[state]} ${item.padEnd(width)}  ${text.replaceAll("\n", `\n${" ".repeat(width + 4)}`)}`)
      if (fix !== undefined) print(`${" ".repeat(width + 4)}→ ${fix}`)
    }
    print(
      problems + warnings === 0 ? "Nothing is wrong." : `${count(problems, "problem")}, ${count(warnings, "warning")}.`,
    )
  }
  return problems === 0 ? 0 : 1
}

async function examine(flags: Flags): Promise<readonly Finding[]> {
  const item = "configuration"
  try {
    const known = Object.fromEntries(SETTINGS.map(({ key }) => [key, flags[key] as string | undefined]))
    const config = loadConfig(known)
    return [{ item, state: "ok", text: "every setting is known and valid" }, ...(await diagnose(config, Date.now()))]
  } catch (thrown) {
    if (!(thrown instanceof WritError)) throw thrown
    return [{ item, state: "problem", text: thrown.message }]
  }
}

function count(number: number, what: string): string {
  return `${number} ${number === 1 ? what : `${what}s`}`
}
