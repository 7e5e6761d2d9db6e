/** What a runtime signs to redeem its token: proof that it holds the key that the token's `cnf` names (RFC 7800). */
import { concatBytes, utf8 } from "./bytes.ts"
import type { Sha256 } from "./ports.ts"

const DOMAIN = "writ/redeem/v1\n"
const HASH_BYTES = 32

/**
 * Domain ‖ SHA-256(token) ‖ SHA-256(redemption id) ‖ parameters digest (32 bytes; null: zeros). The proof is the base64url
 * (RFC 4648 section 5, unpadded) of the 64-byte Ed25519 signature of these bytes.
 */
export function redeemProofInput(
  sha256: Sha256,
  token: string,
  redemptionId: string,
  parametersDigest: Uint8Array | null,
): Uint8Array {
  return concatBytes(
    utf8(DOMAIN),
    sha256(utf8(token)),
    sha256(utf8(redemptionId)),
    parametersDigest ?? new Uint8Array(HASH_BYTES),
  )
}
