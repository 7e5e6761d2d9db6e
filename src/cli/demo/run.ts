/** Act II: a program runs only as what it was measured and allowed to be. */
import { appendFileSync, chmodSync, copyFileSync } from "node:fs"
import { join } from "node:path"
import { GUARD_EXITS } from "../../guard/exit-codes.ts"
import { PACKAGE_ROOT } from "../../rpc/api.ts"
import { print } from "../output.ts"
import { startGuarded } from "./guarded-run.ts"
import type { Stage } from "./stage.ts"

const PROGRAM = "invoices.sh"

/** Answers the id of the execution that completed. */
export async function tellRunning(stage: Stage): Promise<string> {
  print("\nII. A program wants to run. It is measured first, and watched while it runs.\n")
  const path = copyExample(stage, PROGRAM)

  print("▸ Ada runs a program under guard.")
  const run = startGuarded(stage, `./${PROGRAM}`)
  const { execution_id } = await run.event("allowed")
  const { recorded } = await run.event("ended")
  if ((await run.ended) !== 0 || !recorded) throw new Error("the guarded program did not complete")
  print("  Asked, allowed, redeemed, run and reported, in this order. The exit code is the program's own: 0.\n")

  print("▸ Somebody adds a line to the program. Ada runs it again.")
  appendFileSync(path, 'echo "and 1000 EUR to Eve"\n')
  const changed = startGuarded(stage, `./${PROGRAM}`)
  const { code } = await changed.event("nothing_ran")
  if ((await changed.ended) !== GUARD_EXITS.DENIED) throw new Error("the changed program was not denied")
  print(`  Denied before a byte of it was executed: ${code}, exit code ${GUARD_EXITS.DENIED}.`)
  return execution_id
}

/** An example, as a program of the demo's own. Answers its path. */
export function copyExample({ work }: Stage, name: string): string {
  const path = join(work, name)
  copyFileSync(join(PACKAGE_ROOT, "examples", "guarded", name), path)
  chmodSync(path, 0o755)
  return path
}
