/** `writ exec`: flags to an order, keys to connections; exec/run.ts is what happens. */
import { openSync, readFileSync } from "node:fs"
import { userInfo } from "node:os"
import { basename, relative } from "node:path"
import { connect, type WritClient } from "../client/connect.ts"
import { makeRuntimeKey, readRuntimeKey } from "../client/runtime-key.ts"
import { defaultDataFolder } from "../config.ts"
import type { Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { catchInterrupts } from "../exec/interrupts.ts"
import { NothingRan, toNothingRan } from "../exec/nothing-ran.ts"
import type { Order } from "../exec/order.ts"
import { createReport, type Report } from "../exec/report.ts"
import { runGuarded } from "../exec/run.ts"
import { createStory } from "../exec/story.ts"
import { scrubEnvironment } from "../guard/environment.ts"
import { GUARD_EXITS } from "../guard/exit-codes.ts"
import type { User } from "../guard/measurement.ts"
import { readRoleKey } from "../store/data-folder.ts"
import { VERSION } from "../version.ts"
import type { Flags } from "./cli.ts"
import { readDaemonFile } from "./remote.ts"
import { toNamed, toProperties } from "./request.ts"

const LOWEST_DESCRIPTOR = 3
/** Node keeps those from the guarded process; higher ones are closed before it starts. */
const HIGHEST_DESCRIPTOR = 15
const MOST_GRACE_SECONDS = 600
const REPLACED = "\ufffd"

export async function execCommand(command: readonly string[], flags: Flags): Promise<number> {
  const interrupts = catchInterrupts()
  let report: Report = createReport({ quiet: false, events: null })
  let story = createStory(report, toVerify(flags))
  let client: WritClient | null = null
  try {
    report = createReport({ quiet: flags["quiet"] === true, events: openEvents(flags["events"] as string | undefined) })
    story = createStory(report, toVerify(flags))
    const order = toOrder(command, flags)
    client = connectAll(flags)
    return await runGuarded(order, client, story, interrupts)
  } catch (error) {
    const refusal = toNothingRan(error)
    story.nothingRan(refusal)
    return refusal.exitCode
  } finally {
    client?.close()
    interrupts.release()
    await report.flush()
  }
}

function toOrder(command: readonly string[], flags: Flags): Order {
  // Where an argument is not UTF-8, Node puts U+FFFD: neither what is authorized nor what would run were what was given.
  if (command.some((word) => word.includes(REPLACED)))
    throw new WritError("COMMAND_NOT_EXECUTABLE", "An argument is not UTF-8, so it cannot be authorized exactly.")
  const text = (flag: string) => flags[flag] as string | undefined
  const runtimeKey = text("runtimeKey")
  return {
    command,
    workingFolder: process.cwd(),
    environment: scrubEnvironment(process.env),
    user: toUser(text("user")),
    image: toImage(text("imageDigest")),
    subject: {
      ...(toNamed("--subject", text("subject")) ?? { type: "user", id: userName() }),
      properties: toProperties((flags["property"] as unknown as string[] | undefined) ?? []),
    },
    action: text("action") as string,
    resource: toNamed("--resource", text("resource")),
    audience: text("audience") as string,
    approvalId: text("approval") ?? null,
    runtimeId: text("runtimeId") ?? null,
    runtimeKey: runtimeKey === undefined ? makeRuntimeKey() : readRuntimeKey(runtimeKey),
    graceMs: toGraceMs(text("grace") as string),
    version: `writ ${VERSION}`,
  }
}

function connectAll(flags: Flags): WritClient {
  const text = (flag: string) => flags[flag] as string | undefined
  const data = text("data") as string
  const target = text("target") ?? process.env["WRIT_TARGET"] ?? findDaemon(data)
  const folder = text("keys") ?? process.env["WRIT_EXEC_KEYS"] ?? `${data}/api-keys`
  const key = (role: Role) =>
    readRoleKey(
      folder,
      role,
      `There is no API key for role ${role} in ${folder}. Name the daemon's data folder with --data, or a folder with the files pep, runtime and executor with --keys.`,
    )
  const keys = { pep: key("pep"), runtime: key("runtime"), executor: key("executor") }
  return connect({ target: target.split(","), key: keys, caFile: text("ca") ?? null })
}

function findDaemon(data: string): string {
  try {
    return readDaemonFile(data).grpc
  } catch (error) {
    throw new NothingRan(GUARD_EXITS.UNREACHABLE, "UNREACHABLE", (error as Error).message, error)
  }
}

/** The commands by which anyone can check a run. */
function toVerify(flags: Flags): (executionId: string) => readonly string[] {
  const given = (name: "data" | "target" | "ca") => {
    const value = flags[name] as string | undefined
    return value === undefined || (name === "data" && value === defaultDataFolder()) ? "" : ` --${name} ${value}`
  }
  const where = `${given("data")}${given("target")}${given("ca")}`
  const writ = toSelf()
  return (id) => [
    `${writ} lineage ${id}${where} --export evidence.json`,
    `${writ} trust${given("data")}`,
    `${writ} verify evidence.json --trust writ-trust.json`,
  ]
}

/** As this program was called. */
function toSelf(): string {
  const script = process.argv[1] ?? "writ"
  if (basename(script) !== "main.js") return process.env["npm_command"] === "exec" ? "npx writ" : "writ"
  return `node ${relative(process.cwd(), script)}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 0) // an account that the machine has no name for, as in containers
  }
}

function toUser(value: string | undefined): User | null {
  if (value === undefined) return null
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(value) ?? []
  if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  const row = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === value)
  if (!row) throw new WritError("INVALID_REQUEST", `--user takes UID:GID or the name of an account, not "${value}".`)
  return { uid: Number(row[2]), gid: Number(row[3]) }
}

function toImage(value: string | undefined): string | null {
  if (value === undefined) return null
  const digest = value.replace(/^.*sha256:/, "") // as engines print it
  if (!/^[0-9a-f]{64}$/.test(digest))
    throw new WritError("INVALID_REQUEST", "--image-digest takes a SHA-256 digest: 64 digits of lower-case hex.")
  return digest
}

function toGraceMs(value: string): number {
  const seconds = Number(value)
  if (!(seconds >= 0 && seconds <= MOST_GRACE_SECONDS))
    throw new WritError("INVALID_REQUEST", `--grace takes 0 to ${MOST_GRACE_SECONDS} seconds, not "${value}".`)
  return seconds * 1000
}

function openEvents(value: string | undefined): number | null {
  if (value === undefined) return null
  if (!/^\d+$/.test(value)) return openSync(value, "a", 0o600)
  const fd = Number(value)
  if (fd < LOWEST_DESCRIPTOR || fd > HIGHEST_DESCRIPTOR)
    throw new WritError(
      "INVALID_REQUEST",
      `--events takes a file, or an open descriptor from ${LOWEST_DESCRIPTOR} to ${HIGHEST_DESCRIPTOR}.`,
    )
  return fd
}
