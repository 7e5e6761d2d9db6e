/**
 * How a runtime consents to a child of an execution that it runs: it signs what the child is to do. Pure: the daemon, the
 * guard, the SDK and the verifier share it.
 */
import { concatBytes, utf8 } from "./bytes.ts"
import { encodeCanonicalJson } from "./canonical-json.ts"
import type { Sha256 } from "./ports.ts"

const DOMAIN = "writ/parent/v1\n"
const CONSENT_DOMAIN = "writ/consent/v1\n"
export const CONSENT_SIGNATURE_BYTES = 64

type Named = { readonly id: string; readonly type: string }

/** The child's request, as far as the parent answers for it. */
export type Consent = {
  /** Name of the action. */
  readonly action: string
  readonly audience: string
  /** SHA-256 of the parameters, lower-case hex; empty without parameters. */
  readonly parameters_digest: string
  readonly parent_execution_id: string
  readonly request_id: string
  readonly resource: Named
  /** The child's runtime; empty: none. */
  readonly runtime_id: string
  readonly subject: Named
}

/**
 * What the parent's runtime signs: a domain line, then the RFC 8785 JSON of every member. `parent_proof` is the base64url
 * (RFC 4648 section 5, unpadded) of the 64-byte Ed25519 signature.
 */
export function consentBytes(consent: Consent): Uint8Array {
  return utf8(DOMAIN + encodeCanonicalJson(consent))
}

/** Names a consent, so that it is used once, and tells nobody without the signature what it is for. */
export function consentId(sha256: Sha256, signature: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8(CONSENT_DOMAIN), signature))
}
