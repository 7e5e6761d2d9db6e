/** One `writ exec` in a process of its own: what it and its program say is shown as it comes, its events are awaited. */
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
  readonly started: object
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
  const child = stage.writ(["exec", ...flags, "--", program, ...words])
  const seen = new Map<string, object>()
  const waiting = new Set<() => void>()
  let isOver = false
  const look = () => {
    for (const each of [...waiting]) each()
  }

  const [, stdout, stderr, events] = child.stdio as Readable[]
  let isShowing = true
  const show = (line: string) => {
    isShowing &&= line !== LAST_SHOWN
    if (isShowing) print(`  │ ${line}`)
  }
  onLines(stdout as Readable, (line) => print(`  │ ${line}`))
  onLines(stderr as Readable, show)
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
          else reject(new Error(`writ exec ended without the event ${name}: exit code ${child.exitCode}`))
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
