/** JSON logs. Secrets are cut out of every string, wherever it stands, before a line is written. */
import { type DestinationStream, type Logger as PinoLogger, pino } from "pino"

export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error" | "fatal" | "child" | "isLevelEnabled">

export interface LogOptions {
  readonly level: string
  readonly destination?: DestinationStream
}

/** API keys, JWTs, bearer headers, passwords in connection strings. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/writ_[a-z]+_[0-9a-f]{8}_[A-Za-z0-9_-]{20,}/g, "[api key]"],
  [/eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, "[token]"],
  [/(Bearer\s+)[^\s"']+/gi, "$1[credential]"],
  [/(postgres(?:ql)?:\/\/[^:\s/@]+:)[^@\s]+@/gi, "$1[password]@"],
  [/(password["'\s:=]+)[^\s"',}]+/gi, "$1[password]"],
]
const SECRET_NAMES =
  /^(authorization|token|password|passwd|secret|secretkey|privatekey|apikey|api_key|key|cookie|database_url|databaseurl|connectionstring)$/i

export function redact(text: string): string {
  let clean = text
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement)
  return clean
}

export function createLog({ level, destination }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => clean(object, 0) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          method.apply(
            this,
            args.map((arg) => (typeof arg === "string" ? redact(arg) : arg)) as Parameters<typeof method>,
          )
        },
      },
      serializers: { err: (error: unknown) => error },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  )
}

const MAX_DEPTH = 6

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redact(value)
  if (typeof value === "bigint") return value.toString()
  if (typeof value !== "object" || value === null) return value
  if (depth > MAX_DEPTH) return "[too deep]"
  if (value instanceof Error) return describeError(value, depth)
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAMES.test(name) && item !== undefined ? "[secret]" : clean(item, depth + 1),
    ]),
  )
}

function describeError(error: Error, depth: number): object {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    type: error.name,
    message: redact(error.message),
    ...(typeof code === "string" && { code }),
    ...(error.stack && { stack: redact(error.stack) }),
    ...(cause !== undefined && { cause: clean(cause, depth + 1) }),
  }
}
