/** One `writ exec` in a process of its own: what it and its program say is shown as it comes, its events are awaited. */
import type { ChildProcess } from "node:child_process"
import type { Readable } from "node:stream"
import type { Outcome } from "../../guard/supervise.ts"
import { print } from "../output.ts"
import type { Stage } from "./stage.ts"

const EVENTS_FD = 3
/** What follows is for who can run these commands later; here the folder is gone by then. */
const LAST_SHOWN = "writ: check it yourself:"

/** Those of the guard's events that the story needs. */
interface Events {
  readonly allowed: { readonly execution_id: string; readonly isolation: string }
  readonly started: { readonly pid: number | null }
  readonly ended: { readonly outcome: Outcome; readonly recorded: boolean }
  readonly nothing_ran: { readonly code: string; readonly execution_id?: string }
}

export interface GuardedRun {
  /** The first event of that name; rejects when the run is over without. */
  event<Name extends keyof Events>(name: Name): Promise<Events[Name]>
  /** The exit code, when everything that was said is shown. */
  readonly ended: Promise<number | null>
}

export function startGuarded(stage: Stage, program: string, words: readonly string[] = []): GuardedRun {
  const shown = words.map((word) => word.replace(stage.folder, "…"))
  print(`  $ ${["writ exec --", program, ...shown].join(" ")}`)
  // A name for who asks, since accounts differ, and no long wait from TERM to KILL.
  const flags = ["--data", stage.data, "--subject", "user:ada", "--grace", "0.5", "--events", String(EVENTS_FD)]
  return followGuarded(stage.writ(["exec", ...flags, "--", program, ...words]), (line) => print(`  │ ${line}`))
}

/** `child`: a `writ exec --events 3`. `show`: takes each line that it and its program say. */
export function followGuarded(child: ChildProcess, show: (line: string) => void): GuardedRun {
  const seen = new Map<string, object>()
  const waiting = new Set<() => void>()
  let isOver = false
  const look = () => {
    for (const each of [...waiting]) each()
  }

  const [, stdout, stderr, events] = child.stdio as Readable[]
  let isShowing = true
  let lastSaid = ""
  onLines(stdout as Readable, show)
  onLines(stderr as Readable, (line) => {
    lastSaid = line
    isShowing &&= line !== LAST_SHOWN
    if (isShowing) show(line)
  })
  onLines(events as Readable, (line) => {
    const event = JSON.parse(line) as { readonly event: string }
    if (!seen.has(event.event)) seen.set(event.event, event)
    look()
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })
  ended
    .catch(() => {})
    .finally(() => {
      isOver = true
      look()
    })

  return {
    ended,
    async event<Name extends keyof Events>(name: Name) {
      return await new Promise<Events[Name]>((resolve, reject) => {
        const each = () => {
          const event = seen.get(name)
          if (!event && !isOver) return
          waiting.delete(each)
          if (event) resolve(event as Events[Name])
          else reject(new Error(`writ exec ended without the event ${name}, exit code ${child.exitCode}: ${lastSaid}`))
        }
        waiting.add(each)
        each()
      })
    },
  }
}

function onLines(stream: Readable, take: (line: string) => void): void {
  let part = ""
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (part + text).split("\n")
    part = lines.pop() as string
    for (const line of lines) take(line)
  })
  stream.on("end", () => part !== "" && take(part))
}
