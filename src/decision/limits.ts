/** Limits of an Authorize request. Sizes in bytes of UTF-8, unless said otherwise. */
export const MAX_REQUEST_ID_BYTES = 128
export const MAX_ID_BYTES = 512
export const MAX_TYPE_CHARS = 64
export const MAX_ACTION_CHARS = 128
export const MAX_AUDIENCE_BYTES = 256
export const MAX_PARAMETERS_BYTES = 32 * 1024
export const MAX_CONTENT_TYPE_CHARS = 128
/** All properties and the context together, as RFC 8785 JSON. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 + 2 * MAX_PARAMETERS_BYTES
export const MAX_OBLIGATION_TYPES = 32
export const MAX_BATCH_REQUESTS = 64
export const MAX_JSON_DEPTH = 16
export const MAX_JSON_NODES = 10_000
/** An Authorize call without a deadline of its own. */
export const DEFAULT_TIMEOUT_MS = 1_000
export const MAX_TIMEOUT_MS = 30_000
/** How long an execution may last unless the rule says otherwise. */
export const DEFAULT_MAX_DURATION_MS = 3_600_000

/** Until when a call that waits may still be recorded, monotonic milliseconds; and whether its caller is still there. */
export interface Limit {
  readonly deadlineMs: number
  readonly signal?: { readonly aborted: boolean }
}

/** `timeoutMs`: what is left of the caller's deadline; null when it set none. */
export function limitOf(
  call: { readonly timeoutMs: number | null; readonly signal?: { readonly aborted: boolean } },
  monotonicMs: number,
): Limit {
  const deadlineMs = monotonicMs + Math.min(call.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)
  return { deadlineMs, ...(call.signal && { signal: call.signal }) }
}
