/** A binding: what a principal may do in one role, without an API key. */
import { uuidOfText } from "../crypto.ts"
import type { Scope } from "./scope.ts"
import type { Role } from "./state.ts"

/** Its RFC 8785 JSON is the row, and the payload of its record. */
export type Binding = {
  /** Unix milliseconds; absent: never. */
  readonly expires_at?: number
  readonly principal: string
  readonly role: Role
  /** Absent: everything. */
  readonly scope?: Scope
  readonly state: "active" | "removed"
}

/** In memory. A role holds no space. */
export function bindingName(principal: string, role: Role): string {
  return `${role} ${principal}`
}

/** Names a binding in rows and leaves, where the principal itself must not be: UUID text of 16 bytes of SHA-256. */
export function bindingKey(principal: string, role: Role): string {
  return uuidOfText(`writ/binding/v1\n${bindingName(principal, role)}`)
}
