/** A suite that needs a package that a machine may not have says so; where it is missing, the suite is named at the end of the run. */
import { spawnSync } from "node:child_process"
import { appendFileSync } from "node:fs"

/** True when the probe succeeds. */
export function has(debianPackage: string, probe: readonly [string, ...string[]]): boolean {
  const [command, ...args] = probe
  if (spawnSync(command, args, { stdio: "ignore" }).status === 0) return true
  reportMissing(`${debianPackage} (apt-get install ${debianPackage})`)
  return false
}

export function reportMissing(what: string): void {
  const file = process.env["TEST_MISSING_PACKAGES"]
  if (file) appendFileSync(file, `${what}\n`)
}
