/** WatchDirectives, again and again: a watch that ends or falls silent is opened anew from what is acknowledged. */
import { backoffMs } from "./backoff.ts"
import { toCallError } from "./call-error.ts"
import type { WritClient } from "./connect.ts"
import type { Directive } from "./runtime-session.ts"

/** The daemon shows every 15 s that the watch is alive. */
const SILENT_MS = 40_000
/** A watch that lived as long as this did not fail at once: the next one is opened soon. */
const LIVED_MS = 5_000

export interface WatchOptions {
  readonly runtimeId: string
  readonly leaseId: string
  /** The highest directive that was carried out, decimal. */
  acknowledged(): string
  onDirective(directive: Directive): void
  /** It was broken, and is open again: perhaps at a daemon that has not heard of the runtime yet. */
  onReopened(): void
  /** The daemon ended the watch, which it does when the lease is over; or it failed. It is opened again. */
  onBroken(error: Error | null): void
}

/** Answers how to stop. */
export function watchDirectives(client: WritClient, options: WatchOptions): () => void {
  let failures = 0
  let close = () => {}
  open()
  return () => close()

  function open(): void {
    const openedAtMs = performance.now()
    let timer: NodeJS.Timeout | undefined
    let stream: ReturnType<WritClient["watch"]> | undefined
    let isOver = false
    close = () => {
      isOver = true
      clearTimeout(timer)
      stream?.cancel()
    }
    const broken = (error: Error | null) => {
      if (isOver) return
      close()
      failures = performance.now() - openedAtMs > LIVED_MS ? 1 : failures + 1
      const again = setTimeout(open, backoffMs(failures))
      close = () => clearTimeout(again)
      options.onBroken(error)
    }
    const expectMore = () => {
      clearTimeout(timer)
      timer = setTimeout(() => broken(new Error("The watch of directives fell silent.")), SILENT_MS)
    }
    try {
      stream = client.watch("verifier", "WatchDirectives", {
        runtime_id: options.runtimeId,
        lease_id: options.leaseId,
        acknowledged_directive: options.acknowledged(),
      })
    } catch (error) {
      broken(error as Error)
      return
    }
    expectMore()
    let isOpen = false
    stream.on("data", ({ directive }: { directive: Directive | null }) => {
      if (isOver) return
      if (!isOpen && failures > 0) options.onReopened()
      isOpen = true
      expectMore()
      if (directive) options.onDirective(directive)
    })
    stream.on("error", (error: Error) => broken(toCallError(error)))
    stream.on("end", () => broken(null))
  }
}
