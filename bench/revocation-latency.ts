/**
 * Revocation of what runs: from RevokeExecution's answer to the TERM that reaches a program which ignores it, and to the death of
 * the last of its processes; and what the daemon still accepts of a revoked execution, which must be nothing. Real `writ exec`,
 * real programs, one monotonic clock for all processes of the machine.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { followGuarded, type GuardedRun } from "../src/cli/demo/guarded-run.ts"
import { createWitness, type Witness } from "../src/cli/demo/witness.ts"
import { connect, type WritClient } from "../src/client/connect.ts"
import { ROLES } from "../src/rpc/roles.ts"
import { readApiKey } from "../src/store/data-folder.ts"
import { CALLS, findAccepted, startParent } from "./after-revocation.ts"
import { median, type Row } from "./compare.ts"
import { type RunningDaemon, startDaemonProcess } from "./subjects.ts"

const ROUNDS = 5
const TRIALS_A_ROUND = 20
/** Guards that wait at the same time, and beat: each is revoked alone. */
const AT_ONCE = 4
const GRACE_MS = 100
const NS_PER_MS = 1_000_000
const ROOT = join(import.meta.dirname, "..")
const PROGRAM = "stubborn.mjs"

/** Milliseconds. */
interface Trial {
  /** A TERM that the bench itself sends to the same program, until it has it. */
  readonly plainMs: number
  /** From the answer; negative: it had TERM before the answer had arrived. */
  readonly termMs: number
  readonly termFromCallMs: number
  readonly goneMs: number
}

export async function benchRevocation(): Promise<Row[]> {
  const daemon = await startDaemonProcess()
  const key = Object.fromEntries(ROLES.map((role) => [role, readApiKey(daemon.data, role)]))
  const client = connect({ target: daemon.address.grpc, key, maxTries: 1 })
  const work = mkdtempSync(join(tmpdir(), "writ-bench-"))
  chmodSync(work, 0o755)
  copyFileSync(join(ROOT, "examples", "guarded", PROGRAM), join(work, PROGRAM))
  chmodSync(join(work, PROGRAM), 0o755)
  try {
    const agent = await startParent(client)
    const before = await findAccepted(client, agent, false)
    const refused = CALLS.filter((call) => !before.includes(call))
    if (refused.length > 0) throw new Error(`refused, though nothing was revoked: ${refused.join(", ")}`)
    const rounds: Trial[][] = []
    const accepted: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const trials: Trial[] = []
      while (trials.length < TRIALS_A_ROUND) trials.push(...(await revokeSome(client, daemon, work)))
      for (const _ of trials) accepted.push(...(await findAccepted(client, agent, true)))
      rounds.push(trials)
    }
    await agent.close()
    return toRows(rounds, accepted)
  } finally {
    client.close()
    rmSync(work, { recursive: true, force: true })
    await daemon.stop()
  }
}

interface Held {
  readonly run: GuardedRun
  readonly witness: Witness
  readonly child: ChildProcess
}

async function revokeSome(client: WritClient, daemon: RunningDaemon, work: string): Promise<Trial[]> {
  const held: Held[] = []
  try {
    for (let i = 0; i < AT_ONCE; i++) held.push(await hold(daemon, work, join(work, `witness-${i}`)))
    await Promise.all(
      held.map(({ run, witness }) =>
        Promise.race([Promise.all([witness.working, run.event("started")]), run.event("ended")]),
      ),
    )
    const trials: Trial[] = []
    for (const each of held) trials.push(await revokeOne(client, each))
    return trials
  } finally {
    for (const { child, witness } of held) {
      child.kill("SIGKILL") // where a trial failed
      witness.close()
    }
  }
}

async function hold(daemon: RunningDaemon, work: string, socket: string): Promise<Held> {
  const witness = await createWitness(socket)
  const flags = ["--data", daemon.data, "--subject", "user:bench", "--grace", String(GRACE_MS / 1000), "--events", "3"]
  const child = spawn(
    process.execPath,
    [join(ROOT, "dist", "main.js"), "exec", ...flags, "--", `./${PROGRAM}`, socket],
    {
      cwd: work,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    },
  )
  return { witness, child, run: followGuarded(child, () => {}) }
}

async function revokeOne(client: WritClient, { run, witness }: Held): Promise<Trial> {
  const { pid } = await run.event("started")
  const { execution_id } = await run.event("allowed")
  const killedNs = process.hrtime.bigint()
  process.kill(pid as number, "SIGTERM")
  const plainMs = toMs((await witness.nextTerm()) - killedNs)

  const calledNs = process.hrtime.bigint()
  await client.call("authorization", "RevokeExecution", { execution_id, reason: "bench" })
  const answeredNs = process.hrtime.bigint()
  const termNs = await witness.nextTerm()
  const goneNs = await witness.gone
  await run.ended
  const { outcome } = await run.event("ended")
  if (outcome.survivors > 0) throw new Error("a process survived")
  return {
    plainMs,
    termMs: toMs(termNs - answeredNs),
    termFromCallMs: toMs(termNs - calledNs),
    goneMs: toMs(goneNs - answeredNs),
  }
}

const toMs = (ns: bigint) => Number(ns) / NS_PER_MS

function toRows(rounds: readonly (readonly Trial[])[], accepted: readonly string[]): Row[] {
  const trials = rounds.flat()
  const all = (pick: (trial: Trial) => number) => trials.map(pick)
  const common = { durable: "fsync=on", rounds: ROUNDS }
  const row = (name: string, pick: (trial: Trial) => number, baseline: string, base: (trial: Trial) => number): Row => {
    const ratios = rounds.map((round) => p99(round.map(pick)) / p99(round.map(base)))
    const value = p99(all(pick))
    const baseValue = p99(all(base))
    return {
      ...common,
      name,
      value,
      unit: "ms p99",
      baseline: { name: baseline, value: baseValue },
      ratio: value / baseValue,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      generator: `${trials.length} guarded programs that ignore TERM; p50 ${median(all(pick)).toFixed(2)} ms, longest ${Math.max(...all(pick)).toFixed(2)} ms`,
    }
  }
  const calls = trials.length * CALLS.length
  const part = accepted.length / calls
  const plain = "SIGTERM sent by the bench to the same program"
  return [
    row(
      "revocation-signal",
      ({ termMs }) => termMs,
      plain,
      ({ plainMs }) => plainMs,
    ),
    row(
      "revocation-call-to-signal",
      ({ termFromCallMs }) => termFromCallMs,
      plain,
      ({ plainMs }) => plainMs,
    ),
    row(
      "revocation-death",
      ({ goneMs }) => goneMs,
      "the grace",
      () => GRACE_MS,
    ),
    {
      ...common,
      name: "revocation-accepted",
      value: accepted.length,
      unit: "calls",
      baseline: { name: "calls sent after the answer", value: calls },
      ratio: part,
      spread: [part, part],
      generator: accepted.length === 0 ? CALLS.join(", ") : `accepted: ${[...new Set(accepted)].join(", ")}`,
    },
  ]
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] as number
}
