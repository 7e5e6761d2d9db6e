/** What a command prints: people's text, or JSON with --json. Errors go to stderr and say what to do next. */
import { type ErrorCode, EXIT_CODES, WritError } from "../errors.ts"

const NEXT: Readonly<Record<string, string>> = {
  UNREACHABLE: "Start a daemon with `writ serve`, or name one with --target HOST:PORT.",
  UNAUTHENTICATED: "Pass --key KEY, or --data FOLDER of the daemon, whose api-keys it may read.",
  FORBIDDEN: "Use a key of another role: --key KEY.",
  REQUEST_ID_REUSED: "Choose a new request_id, or leave it out.",
  NOT_FOUND: "Check the id. `writ lineage` needs the execution_id that `writ authorize` printed.",
}

/** What a file or a record says must not move the cursor of whoever reads it. */
export function print(text: string): void {
  process.stdout.write(`${text.replace(/[^\P{Cc}\n\t]/gu, "\ufffd")}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, toJson, 2))
}

function toJson(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString()
  if (isBufferJson(value)) return Buffer.from(value.data).toString("base64")
  return value
}

/** Buffers have been through toJSON when a replacer sees them. */
function isBufferJson(value: unknown): value is { type: "Buffer"; data: number[] } {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { type?: unknown }).type === "Buffer" &&
    Array.isArray((value as { data?: unknown }).data)
  )
}

/** The exit code for what was thrown, after saying it. */
export function fail(thrown: unknown, json: boolean): number {
  const { code = "INTERNAL", message } = thrown as { code?: string; message: string }
  const next = NEXT[code]
  if (json) process.stderr.write(`${JSON.stringify({ error: { code, message, ...(next && { next }) } })}\n`)
  else process.stderr.write(`writ: ${message}\n${next ? `      ${next}\n` : ""}`)
  if (!(thrown instanceof WritError) && code === "INTERNAL" && (thrown as Error).stack)
    process.stderr.write(`${(thrown as Error).stack}\n`)
  return EXIT_CODES[code as ErrorCode] ?? 1
}
