/** `writ demo`: an agent asks, a program runs, one is stopped, a beat is replayed, and an auditor proves it all. On the real daemon. */
import { WritError } from "../errors.ts"
import { catchInterrupts, Interrupted } from "../exec/interrupts.ts"
import { toExitCode } from "../guard/exit-codes.ts"
import type { Flags } from "./cli.ts"
import { tellAsking } from "./demo/ask.ts"
import { tellPolicy } from "./demo/policy.ts"
import { tellProof } from "./demo/prove.ts"
import { tellReplayed } from "./demo/replay.ts"
import { tellRevoked } from "./demo/revoke.ts"
import { tellRunning } from "./demo/run.ts"
import { createTheatre, type Theatre } from "./demo/stage.ts"
import { print } from "./output.ts"

/** It takes some seconds; a small machine's first start of Postgres takes most of them. */
const LIMIT_MS = 120_000

export async function demoCommand(_: Flags): Promise<number> {
  const interrupts = catchInterrupts(process, process.stdout)
  const theatre = createTheatre()
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const error = new WritError("DEADLINE_EXCEEDED", `The demo did not end within ${LIMIT_MS / 1000} s, and was ended.`)
    timer = setTimeout(() => reject(error), LIMIT_MS)
  })
  try {
    await interrupts.orInterrupted(Promise.race([limit, tellStory(theatre)]))
    return 0
  } catch (error) {
    if (error instanceof Interrupted)
      return error.signal === "SIGPIPE" ? 0 : toExitCode({ code: null, signal: error.signal })
    throw error
  } finally {
    clearTimeout(timer)
    await theatre.close()
    interrupts.release()
  }
}

async function tellStory(theatre: Theatre): Promise<void> {
  print("No writ, no execution: what wants to act must be allowed first.\n")
  const stage = await theatre.open()
  await tellPolicy(stage)
  const asked = await tellAsking(stage)
  const completed = await tellRunning(stage)
  const revoked = await tellRevoked(stage)
  await tellReplayed(stage)
  await tellProof(stage, asked, completed, revoked)
  print(
    "\nThat was Writ: decided before, signed, recorded before the answer, stopped when told, and provable afterwards.",
  )
}
