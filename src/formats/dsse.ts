/** DSSE: Dead Simple Signing Envelope (secure-systems-lab/dsse, envelope.md and protocol.md), in its JSON form. */
import { concatBytes, fromBase64, fromUtf8, toBase64, utf8 } from "./bytes.ts"
import { encodeCanonicalJson } from "./canonical-json.ts"
import { parseStrictJson } from "./strict-json.ts"

export const MAX_SIGNATURES = 16
const MAX_KEYID_CHARS = 256

export interface DsseSignature {
  /** A hint at the key, which nothing rests on; empty where there is none. */
  readonly keyid: string
  readonly signature: Uint8Array
}

export interface DsseEnvelope {
  readonly payloadType: string
  /** Empty in an envelope that is kept beside its payload. */
  readonly payload: Uint8Array
  readonly signatures: readonly DsseSignature[]
}

/** Pre-authentication encoding: what a signature is over. */
export function dsseSigningInput(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concatBytes(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload)
}

/** Throws on anything else than such an envelope. Signatures have not been verified. */
export function parseDsseEnvelope(bytes: Uint8Array): DsseEnvelope {
  const value = parseStrictJson(fromUtf8(bytes), { maxDepth: 8, maxNodes: 128 })
  const { payloadType, payload, signatures } = value as { [key: string]: unknown }
  if (typeof payloadType !== "string" || typeof payload !== "string" || !Array.isArray(signatures))
    throw new Error("an envelope has payloadType, payload and signatures")
  if (signatures.length === 0 || signatures.length > MAX_SIGNATURES)
    throw new Error(`an envelope has 1 to ${MAX_SIGNATURES} signatures`)
  return {
    payloadType,
    payload: fromBase64(payload),
    signatures: (signatures as readonly { keyid?: unknown; sig?: unknown }[]).map(({ keyid = "", sig }) => {
      if (typeof sig !== "string" || typeof keyid !== "string" || keyid.length > MAX_KEYID_CHARS)
        throw new Error("a signature has sig and may have keyid")
      return { keyid, signature: fromBase64(sig) }
    }),
  }
}

export function encodeDsseEnvelope({ payloadType, payload, signatures }: DsseEnvelope): Uint8Array {
  return utf8(
    encodeCanonicalJson({
      payload: toBase64(payload),
      payloadType,
      signatures: signatures.map(({ keyid, signature }) => ({ keyid, sig: toBase64(signature) })),
    }),
  )
}
