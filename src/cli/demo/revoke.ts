/** Act III: what runs stops when its writ ends, and the time that this takes is seen from outside. */
import { join } from "node:path"
import { GUARD_EXITS } from "../../guard/exit-codes.ts"
import { print } from "../output.ts"
import { startGuarded } from "./guarded-run.ts"
import { copyExample } from "./run.ts"
import type { Stage } from "./stage.ts"
import { createWitness } from "./witness.ts"

const PROGRAM = "stubborn.mjs"
const NS_PER_MS = 1_000_000

/** Answers the id of the execution that was revoked. */
export async function tellRevoked(stage: Stage): Promise<string> {
  print("\nIII. A program does not want to stop.\n")
  print("▸ This one ignores TERM, and so do the two helpers that it starts.")
  copyExample(stage, PROGRAM)
  const socket = join(stage.folder, "witness")
  const witness = await createWitness(socket)
  try {
    const run = startGuarded(stage, `./${PROGRAM}`, [socket])
    const { execution_id } = await run.event("started").then(() => run.event("allowed"))
    await Promise.race([witness.working, run.event("ended")])
    print("▸ It works. An operator revokes it.")
    await stage.client.call("authorization", "RevokeExecution", { execution_id, reason: "shown in the demo" })
    const answeredNs = process.hrtime.bigint()
    const sinceAnswer = (ns: bigint) => Number(ns - answeredNs) / NS_PER_MS
    const exitCode = await run.ended
    const { outcome, recorded } = await run.event("ended")
    if (exitCode !== GUARD_EXITS.REVOKED || outcome.survivors > 0 || !outcome.stopped || !recorded)
      throw new Error(`the revoked program was not ended: exit code ${exitCode}`)
    const termMs = sinceAnswer(await witness.nextTerm())
    const goneMs = sinceAnswer(await witness.gone)
    print(`  TERM reached it ${toTime(termMs)}. It went on.`)
    print(`  KILL came when its 500 ms of grace were over; the last of its processes was gone ${toTime(goneMs)}.`)
    print(`  All by one clock, over three processes. Its end is recorded; exit code ${GUARD_EXITS.REVOKED}.`)
    return execution_id
  } finally {
    witness.close()
  }
}

/** The directive and the answer leave the daemon together, on two connections. */
function toTime(ms: number): string {
  return ms < 0
    ? `${(-ms).toFixed(1)} ms before the answer had arrived here`
    : `${ms.toFixed(1)} ms after the revocation was answered`
}
