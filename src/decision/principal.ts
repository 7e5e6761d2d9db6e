/** Names of callers that need no API key: what a certificate or a token proves, as one text. */
import { WritError } from "../errors.ts"

const MAX_PRINCIPAL_BYTES = 1_024
const MAX_SPIFFE_BYTES = 2_048
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/
const SEGMENT = /^[A-Za-z0-9._-]+$/
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFD]/u

/** Is it a workload's SPIFFE id (SPIFFE-ID sections 2.1 to 2.4): a trust domain and a path, nothing else? */
export function isSpiffeId(text: string): boolean {
  if (!text.startsWith("spiffe://") || text.length > MAX_SPIFFE_BYTES) return false
  const [domain = "", ...path] = text.slice("spiffe://".length).split("/")
  return (
    TRUST_DOMAIN.test(domain) &&
    path.length > 0 &&
    path.every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..")
  )
}

/** Of a certificate without a SPIFFE id: its subject (RFC 4514). */
export function toSubjectPrincipal(subject: string): string {
  return `x509:${subject}`
}

/** An issuer holds no "|", so that the two cannot be confused. */
export function toJwtPrincipal(issuer: string, subject: string): string {
  return `jwt:${issuer}|${subject}`
}

export function isPrincipal(text: string): boolean {
  if (Buffer.byteLength(text) > MAX_PRINCIPAL_BYTES || UNPRINTABLE.test(text)) return false
  return isSpiffeId(text) || /^x509:[^=]+=./.test(text) || /^jwt:https?:\/\/[^|]+\|./.test(text)
}

/** Throws INVALID_REQUEST. */
export function assertPrincipal(text: string): void {
  if (isPrincipal(text)) return
  throw new WritError(
    "INVALID_REQUEST",
    "principal must be spiffe://TRUST-DOMAIN/PATH, x509:SUBJECT like x509:CN=billing,O=Bank, or jwt:ISSUER|SUB.",
    { details: { field: "principal" } },
  )
}
