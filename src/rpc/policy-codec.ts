/** PolicyService's messages, from what proto-loader gives to what the daemon works with, and back. All of it is attacker-controlled. */
import type { BudgetState } from "../decision/budgets.ts"
import type { BundlePosition, BundleView } from "../decision/bundles.ts"
import type { BundleCheck, BundleFiles } from "../decision/check-bundle.ts"
import { optionalText, text } from "../decision/snapshot.ts"
import type { BundleTests } from "../decision/test-bundle.ts"
import { WritError } from "../errors.ts"
import { fromHex, fromUtf8, toHex } from "../formats/bytes.ts"
import { fromDigest, fromTime } from "./verifier-codec.ts"

export const MAX_BUNDLE_FILES = 256
export const MAX_BUNDLE_FILE_BYTES = 1024 * 1024
export const MAX_BUNDLE_FILES_BYTES = 3 * 1024 * 1024
const MAX_PATH_BYTES = 256
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MAX_REASON_BYTES = 1_024
const MAX_FILTER_BYTES = 256
/** Of one answer: what is wrong in ten thousand places is no better understood than what is wrong in the first of them. */
const MAX_PROBLEMS = 1_000

export interface WireBundleFile {
  readonly path: string
  readonly content: Buffer
}

type Problem = Extract<BundleCheck, { ok: false }>["problems"][number]

/** By path. Throws INVALID_REQUEST, REQUEST_TOO_LARGE. */
export function toBundleFiles(files: readonly WireBundleFile[]): BundleFiles {
  if (files.length === 0) throw invalid("files", "are missing")
  if (files.length > MAX_BUNDLE_FILES) throw tooLarge("files", `are more than ${MAX_BUNDLE_FILES}`)
  const byPath: Record<string, string> = Object.create(null) as Record<string, string>
  let bytes = 0
  for (const { path, content } of files) {
    const name = text("files.path", path, MAX_PATH_BYTES)
    if (name.startsWith("/") || name.includes("\\") || name.split("/").some((part) => [".", "..", ""].includes(part)))
      throw invalid("files.path", `must be a path inside the bundle, not "${name}"`)
    if (name in byPath) throw invalid("files.path", `is given twice: "${name}"`)
    bytes += content.length
    if (content.length > MAX_BUNDLE_FILE_BYTES || bytes > MAX_BUNDLE_FILES_BYTES)
      throw tooLarge(
        "files",
        `are larger than ${MAX_BUNDLE_FILE_BYTES} bytes each or ${MAX_BUNDLE_FILES_BYTES} together`,
      )
    byPath[name] = toText(name, content)
  }
  return byPath
}

function toText(name: string, content: Buffer): string {
  try {
    return fromUtf8(content)
  } catch {
    throw invalid("files.content", `is not UTF-8: "${name}"`)
  }
}

/** What somebody writes about what he does. Line breaks are his own. */
export function toReason(field: string, reason: string): string {
  if (Buffer.byteLength(reason) > MAX_REASON_BYTES) throw tooLarge(field, `is larger than ${MAX_REASON_BYTES} bytes`)
  // proto-loader turns bytes that are not UTF-8 into U+FFFD
  if (!reason.isWellFormed() || reason.includes("\ufffd")) throw invalid(field, "is not valid text")
  return reason
}

export function fromBundle(bundle: BundleView): object {
  return {
    digest: bundle.digest,
    version: bundle.version,
    rule_count: bundle.ruleCount,
    state: bundle.state,
    ...(bundle.notBeforeMs !== null && { not_before: fromTime(bundle.notBeforeMs) }),
    ...(bundle.notAfterMs !== null && { not_after: fromTime(bundle.notAfterMs) }),
    published_at: fromTime(bundle.publishedAtMs),
    signed_by: bundle.signedBy,
    engine_version: bundle.engine,
    replicas: bundle.replicas.map(({ origin, acknowledged, digest, epoch, problem, seenAtMs }) => ({
      log: origin,
      acknowledged,
      ...(digest && { digest }),
      epoch: epoch.toString(),
      problem,
      seen_at: fromTime(seenAtMs),
    })),
    ...(bundle.previous && { previous_digest: bundle.previous }),
    ...(bundle.pending && {
      pending: {
        activation_id: bundle.pending.id,
        requested_by: `key:${bundle.pending.requestedBy}`,
        expires_at: fromTime(bundle.pending.expiresAtMs),
      },
    }),
  }
}

/** Throws INVALID_REQUEST. */
export function toActivationId(id: string): string {
  if (!UUID.test(id)) throw invalid("activation_id", "is not an activation's id")
  return id
}

export function fromProblem({ file, line, column, message, excerpt = "", suggestion = "" }: Problem): object {
  return { file, line, column, message, excerpt, suggestion, fatal: true }
}

/** ValidateBundleResponse. */
export function fromCheck(check: BundleCheck): object {
  if (!check.ok) return { valid: false, problems: check.problems.slice(0, MAX_PROBLEMS).map(fromProblem) }
  const { confirmed, outside, disagreements } = check.opinions
  const valid = disagreements.length === 0
  return {
    valid,
    disagreements: disagreements.slice(0, MAX_PROBLEMS).map(({ id, input, mine, other }) => ({
      rule: id,
      input,
      engine_value: String(mine),
      second_value: String(other),
    })),
    ...(valid && { digest: fromDigest(check.digest) }),
    rule_count: check.ruleCount,
    confirmed_count: confirmed,
    outside_count: outside,
  }
}

/** TestBundleResponse. */
export function fromTests(tests: BundleTests): object {
  if (!tests.ok) return { passed: false, problems: tests.problems.slice(0, MAX_PROBLEMS).map(fromProblem) }
  const { results, uncoveredRules, rulePercent, conditionPercent } = tests
  return {
    passed: results.length > 0 && results.every(({ passed }) => passed),
    results,
    uncovered_rules: uncoveredRules,
    rule_percent: rulePercent,
    condition_percent: conditionPercent,
  }
}

export function toFilter(filter: string): string {
  return optionalText("filter", filter, MAX_FILTER_BYTES)
}

/** Where a page ended. Throws INVALID_REQUEST. */
export function toBundlePosition(token: string): BundlePosition | null {
  if (token === "") return null
  const match = /^([0-9]{1,15})\.([0-9a-f]{64})$/.exec(token)
  if (!match) throw invalid("page_token", "is not one of an answer")
  return { publishedAtMs: Number(match[1]), digest: fromHex(match[2] as string) }
}

export function fromBundlePosition({ publishedAtMs, digest }: BundlePosition): string {
  return `${publishedAtMs}.${toHex(digest)}`
}

function invalid(field: string, what: string): WritError {
  return new WritError("INVALID_REQUEST", `${field} ${what}.`, { details: { field } })
}

function tooLarge(field: string, what: string): WritError {
  return new WritError("REQUEST_TOO_LARGE", `${field} ${what}.`, { details: { field } })
}

export function fromBudget({ name, key, unit, limit, spent, reserved, window, version }: BudgetState): object {
  const at = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 })
  return {
    name,
    key,
    unit,
    limit_micros: String(limit),
    spent_micros: String(spent),
    reserved_micros: String(reserved),
    ...(window && { window_start: at(window.startMs), window_end: at(window.endMs) }),
    version: String(version),
  }
}
