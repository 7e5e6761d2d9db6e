/**
 * Signals to the guard before there is a process to forward them to: then nothing is started. They are caught from the
 * beginning, since for PID 1 the kernel drops what nobody catches. And to others who have something to end before they do.
 */
import type { Writable } from "node:stream"

const ENDING = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const

export interface Interrupts {
  /** The first that came; null: none. */
  readonly signal: NodeJS.Signals | null
  /** The work, or a rejection with Interrupted as soon as a signal comes. */
  orInterrupted<T>(work: Promise<T>): Promise<T>
  /** From now on somebody else catches them. */
  release(): void
}

export class Interrupted extends Error {
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}.`)
    this.name = "Interrupted"
    this.signal = signal
  }
}

/** `output`: that nobody reads it any more is an interrupt too, named SIGPIPE. */
export function catchInterrupts(
  source: Pick<NodeJS.Process, "on" | "off"> = process,
  output?: Pick<Writable, "on" | "off">,
): Interrupts {
  let first: NodeJS.Signals | null = null
  let interrupt: (error: Interrupted) => void = () => {}
  const interrupted = new Promise<never>((_, reject) => (interrupt = reject))
  interrupted.catch(() => {}) // there may be nothing to interrupt
  const take = (signal: NodeJS.Signals) => {
    first ??= signal
    interrupt(new Interrupted(first))
  }
  const takeFault = ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") take("SIGPIPE")
  }
  for (const signal of ENDING) source.on(signal, take)
  output?.on("error", takeFault)
  return {
    get signal() {
      return first
    },
    orInterrupted: (work) => Promise.race([work, interrupted]),
    release() {
      for (const signal of ENDING) source.off(signal, take)
      output?.off("error", takeFault)
    },
  }
}
