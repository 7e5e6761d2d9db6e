/** Is a stored bundle the one that its digest names, and has a trusted key signed it? Determination 3, as far as it stays true. */
import { equalBytes, toHex } from "../formats/bytes.ts"
import { parsePublicKey, parseSignature } from "../formats/ed25519-keys.ts"
import type { Policy } from "../policy/types.ts"
import type { BundleSignature } from "./control.ts"
import type { Reason } from "./state.ts"

export interface TrustDependencies {
  /** 32-byte public keys whose signature makes a bundle valid. */
  readonly trustedPolicyKeys: readonly Uint8Array[]
  /** Has the key signed this bundle? Key and signature have passed `parsePublicKey` and `parseSignature`. */
  hasSigned(publicKey: Uint8Array, canonicalBytes: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
}

/** Empty: it is valid, as far as its window allows. Verified once for the same policy and signatures. */
export type CheckTrust = (
  policy: Policy,
  digest: string,
  signatures: readonly BundleSignature[],
) => Promise<readonly Reason[]>

export function createTrustCheck({ trustedPolicyKeys, hasSigned }: TrustDependencies): CheckTrust {
  const checked = new WeakMap<Policy, { readonly key: string; readonly problems: readonly Reason[] }>()

  async function isTrusted(policy: Policy, signatures: readonly BundleSignature[]): Promise<boolean> {
    for (const { publicKey, signature } of signatures) {
      const isOfTrusted =
        trustedPolicyKeys.some((trusted) => equalBytes(trusted, publicKey)) &&
        parsePublicKey(publicKey) !== null &&
        parseSignature(signature) !== null
      if (isOfTrusted && (await hasSigned(publicKey, policy.canonicalBytes, signature))) return true
    }
    return false
  }

  return async (policy, digest, signatures) => {
    const signed = signatures.map(({ publicKey, signature }) => `${toHex(publicKey)} ${toHex(signature)}`)
    const key = [digest, ...signed].join()
    const known = checked.get(policy)
    if (known?.key === key) return known.problems
    const problems: Reason[] = []
    if (policy.digest !== digest)
      problems.push({ code: "BUNDLE_ALTERED", text: "The stored bundle is not the one that its digest names." })
    if (!(await isTrusted(policy, signatures)))
      problems.push({
        code: "BUNDLE_UNTRUSTED",
        text: "No trusted key has signed the bundle. See policy-trusted-keys.",
      })
    checked.set(policy, { key, problems })
    return problems
  }
}
