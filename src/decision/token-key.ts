/** A key that signs execution tokens, as the ledger's records have it: when it signs, and how long it counts. */

export interface TokenKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Its first use, Unix milliseconds: it is published before that. */
  readonly signsFromMs: number
  /** From then on it is neither published nor accepted, Unix milliseconds; null: no other follows it yet. */
  readonly endsAtMs: number | null
  /** The record that says that it is compromised, by the origin of its log; null: none does. */
  readonly withdrawn: { readonly origin: string; readonly index: number } | null
}

/** Is it published, and are tokens by it accepted? A compromised one is at no time, whatever anybody's clock says. */
export function isInForce({ endsAtMs, withdrawn }: TokenKey, nowMs: number): boolean {
  return withdrawn === null && (endsAtMs === null || nowMs < endsAtMs)
}

/**
 * Was this decision made before its log's token key was found to be compromised? Then nothing starts by it any more, and
 * what has started is revoked.
 */
export function isCompromised(
  keys: readonly TokenKey[],
  decision: { readonly origin: string; readonly index: number },
): boolean {
  return keys.some(({ withdrawn }) => withdrawn?.origin === decision.origin && decision.index < withdrawn.index)
}
