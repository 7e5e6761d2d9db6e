/** What `writ exec` is asked to do, and for whom. */
import type { RuntimeKey } from "../client/runtime-session.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { User } from "../guard/measurement.ts"

export interface Named {
  readonly type: string
  readonly id: string
}

export interface Order {
  /** The command and its arguments, exactly as they are authorized and executed. */
  readonly command: readonly string[]
  readonly workingFolder: string
  /** As the process will get it. */
  readonly environment: Readonly<Record<string, string>>
  /** Null: `nobody` where the guard may become another user, else the guard's own. */
  readonly user: User | null
  /** SHA-256 of the container image, lower-case hex, where the guard was told one. */
  readonly image: string | null
  readonly subject: Named & { readonly properties: JsonObject }
  readonly action: string
  /** Null: the program, by the absolute path at which it was found. */
  readonly resource: Named | null
  readonly audience: string
  /** An approval that was granted for this very command; null: none is named. */
  readonly approvalId: string | null
  /** Null: `exec:PATH`, and `exec:PATH#2` and so on for what runs at the same time. */
  readonly runtimeId: string | null
  readonly runtimeKey: RuntimeKey
  /** From TERM to KILL. */
  readonly graceMs: number
  /** Of this program, for the registration. */
  readonly version: string
}
