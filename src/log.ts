/** JSON logs. Secrets are cut out of every string, wherever it stands, before a line is written. */
import { format } from "node:util"
import { type Bindings, type DestinationStream, type Logger as PinoLogger, pino } from "pino"

type Levels = Pick<PinoLogger, "debug" | "info" | "warn" | "error" | "fatal" | "isLevelEnabled">

export interface Logger extends Levels {
  /** A logger that writes these fields with every line. */
  child(bindings: Bindings): Logger
}

export interface LogOptions {
  readonly level: string
  readonly destination?: DestinationStream
}

/** API keys, JWTs, credentials in headers, passwords in connection strings, private keys. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/writ_[a-z]+_[0-9a-f]{8}_[A-Za-z0-9_-]{20,}/g, "[api key]"],
  [/eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g, "[token]"],
  [/(authorization["']?\s*[:=]\s*["']?(?:(?:Bearer|Basic)\s+)?)[^\s"',}]+/gi, "$1[credential]"],
  [/((?:Bearer|Basic)\s+)[^\s"',}]+/gi, "$1[credential]"],
  [/(postgres(?:ql)?:\/\/[^:\s/@]*:)\S+@/gi, "$1[password]@"],
  [/(password["'\s:=]+)[^\s"',}]+/gi, "$1[password]"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[private key]"],
]
/** Of names in lower case without dashes and underscores. */
const SECRET_NAMES =
  /^key$|(?:authorization|cookie|token|password|passwd|secret|secretkey|privatekey|apikey|credentials?|databaseurl|connectionstring)$/
/** What callers send: it is in the ledger, where it can be erased. */
const CALLERS_NAMES = /^(?:parameters|properties|context|payload|parentproof|metadata)$/
const MAX_DEPTH = 6
/** Objects and lists in one line. */
const MAX_VALUES = 200

export function redact(text: string): string {
  let clean = text
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement)
  return clean
}

export function createLog({ level, destination }: LogOptions): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args: readonly unknown[], method) {
          const [first, ...rest] = args
          const isText = typeof first !== "object" || first === null
          // Put together before it is redacted: neither half of "password=%s" is a secret by itself.
          const words = (isText ? args : rest).map((word) => (typeof word === "string" ? word : cleanAll(word)))
          const fields = isText ? {} : cleanAll(first instanceof Error ? { err: first } : first)
          if (words[0] === undefined) method.call(this, fields as object)
          else method.call(this, fields as object, redact(format(...words)))
        },
      },
      serializers: { err: (error: unknown) => error },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  )
  const makeChild = logger.child as unknown as (this: Levels, bindings: Bindings) => Levels
  return guardChildren(logger)

  /** pino itself asks no formatter about the fields of a child. */
  function guardChildren(parent: Levels): Logger {
    const child = (bindings: Bindings) => guardChildren(makeChild.call(parent, cleanAll(bindings) as Bindings))
    return Object.assign(parent, { child })
  }
}

/** A log line is never worth an exception. */
function cleanAll(value: unknown): unknown {
  try {
    return clean(value, 0, { values: MAX_VALUES })
  } catch {
    return { unreadable: true }
  }
}

function clean(value: unknown, depth: number, left: { values: number }): unknown {
  if (typeof value === "string") return redact(value)
  if (typeof value === "bigint") return value.toString()
  if (typeof value !== "object" || value === null) return value
  if (depth > MAX_DEPTH || --left.values < 0) return "[too deep]"
  if (value instanceof Error) return describeError(value, depth, left)
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1, left))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redact(name), hide(name, item) ?? clean(item, depth + 1, left)]),
  )
}

function hide(name: string, item: unknown): string | undefined {
  if (item === undefined) return undefined
  const plain = name.toLowerCase().replaceAll(/[-_]/g, "")
  if (SECRET_NAMES.test(plain)) return "[secret]"
  return CALLERS_NAMES.test(plain) ? "[not logged]" : undefined
}

function describeError(error: Error, depth: number, left: { values: number }): object {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    type: redact(String(error.name)),
    message: redact(String(error.message)),
    ...(typeof code === "string" && { code: redact(code) }),
    ...(error.stack && { stack: redact(String(error.stack)) }),
    ...(cause !== undefined && { cause: clean(cause, depth + 1, left) }),
  }
}
