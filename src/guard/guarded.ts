/** A process under guard, however it is held. */
import type { Exit } from "./exit-codes.ts"
import type { ProcessRow } from "./process-table.ts"

export interface Guarded {
  /** As the guard sees it; null when it ended before it could be seen. */
  readonly pid: number | null
  /** When it was started: performance.now(). */
  readonly startedMs: number
  /** How the process itself ended. */
  readonly exited: Promise<Exit & { readonly endedMs: number }>
  /** Resolves when the process and all that is known to descend from it are dead. After kill() it always does. */
  readonly gone: Promise<void>
  /** What descends from a process is found after that process has ended, too. */
  readonly keepsOrphans: boolean
  /** To the process itself. False: it has ended. */
  signal(signal: NodeJS.Signals): boolean
  /** What lives of it: the process and its descendants. */
  descendants(): ProcessRow[]
  /** SIGKILL to all of it. */
  kill(): void
}
