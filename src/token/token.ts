/** The execution token: a JWT (RFC 7519), alg EdDSA, typ exec+jwt. It is for starting an execution, and short-lived. */
import { asBuffer } from "../crypto.ts"
import { toBase64Url, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { Sha256 } from "../formats/ports.ts"
import type { Signer } from "./signer.ts"
import { type SigningThread, signBatch } from "./signing-thread.ts"

export const DEFAULT_TTL_MS = 10_000
export const MAX_TTL_MS = 120_000
/** Without a runtime there is no lease that could end earlier. */
export const MAX_TTL_WITHOUT_RUNTIME_MS = 30_000
export const MIN_TTL_MS = 1_000
const DOT = 0x2e

/** What a token says, but for `leaf`: that is the hash of the very record that holds these claims. */
export type TokenClaims = {
  readonly iss: string
  readonly sub: string
  readonly sub_type: string
  readonly aud: string
  readonly jti: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly execution_id: string
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string }
  /** Key of the runtime that alone may redeem it (RFC 7800); absent without a runtime. */
  readonly cnf?: { readonly jwk: { readonly crv: "Ed25519"; readonly kty: "OKP"; readonly x: string } }
  /** base64url SHA-256 of the parameters; absent without parameters. */
  readonly dig?: string
  /** Bundle digest, hex. */
  readonly bundle: string
  /** redeem: must be redeemed first; offline: the token itself suffices. */
  readonly use: "redeem" | "offline"
  /** Seconds that the execution may last. */
  readonly max_duration: number
  /** Of a child: when it must have ended at the latest, Unix seconds, since its parent must have; and its parent. */
  readonly execute_before?: number
  readonly parent?: string
  /** Origin of the log that holds the record. */
  readonly log: string
  /** "dev" when the daemon runs in development mode. */
  readonly env?: "dev"
}

export interface TokenSigner {
  readonly kid: string
  readonly publicKey: Uint8Array
  /** Adds the leaf hash to the claims (their RFC 8785 text) and signs: the compact JWS. Same claims and leaf, same token. */
  sign(canonicalClaims: string, leafHash: Uint8Array): string
  /** The same, at once or, when others are wanted in the same turn of the event loop, by the signing thread. */
  signSoon(canonicalClaims: string, leafHash: Uint8Array): string | Promise<string>
}

/** Of a daemon whose keys follow one another. */
export interface TokenSigners {
  /** Who signs what is issued at this moment (`iat`, Unix seconds); for the same moment the same. */
  at(iat: number): TokenSigner
}

interface Job {
  /** What is signed, ASCII. */
  readonly input: string
  readonly resolve: (token: string) => void
  readonly reject: (cause: unknown) => void
}

/** Fewer are signed sooner than they are handed over. */
const MIN_BATCH = 3

export function createTokenSigner(
  signer: Pick<Signer, "publicKey" | "sign">,
  sha256: Sha256,
  thread: SigningThread | null = null,
): TokenSigner {
  const kid = keyId(signer.publicKey, sha256)
  const header = `${toBase64Url(utf8(encodeCanonicalJson({ alg: "EdDSA", kid, typ: "exec+jwt" })))}.`
  /** Put together here, and kept: buffers and texts for each step would be most of what a signature leaves to collect. */
  let work = Buffer.alloc(0)
  let jobs: Job[] = []
  let isFirst = true

  return {
    kid,
    publicKey: signer.publicKey,
    sign,
    signSoon(claims, leafHash) {
      if (!thread?.isUp()) return sign(claims, leafHash)
      if (isFirst) {
        isFirst = false
        setImmediate(endTurn)
        return sign(claims, leafHash)
      }
      const input = header + encodeBody(claims, leafHash)
      const token = new Promise<string>((resolve, reject) => jobs.push({ input, resolve, reject }))
      token.catch(() => {}) // whoever no longer waits for it
      return token
    },
  }

  function sign(claims: string, leafHash: Uint8Array): string {
    return signInput(header + encodeBody(claims, leafHash))
  }

  function encodeBody(claims: string, leafHash: Uint8Array): string {
    // RFC 8785 order puts `leaf` right before `log`; inside a string the quotes would be escaped.
    const at = claims.indexOf(',"log":')
    if (at < 0) throw new Error("claims without a log")
    const text = `${claims.slice(0, at)},"leaf":"${asBuffer(leafHash).toString("hex")}"${claims.slice(at)}`
    if (work.length < 3 * text.length) work = Buffer.allocUnsafeSlow(6 * text.length)
    return work.toString("base64url", 0, work.write(text))
  }

  function signInput(input: string): string {
    if (work.length < input.length + 100) work = Buffer.allocUnsafeSlow(2 * input.length + 100)
    const end = work.write(input, "latin1")
    const signature = asBuffer(signer.sign(work.subarray(0, end))).toString("base64url")
    work[end] = DOT
    return work.toString("latin1", 0, end + 1 + work.write(signature, end + 1, "latin1"))
  }

  function endTurn(): void {
    isFirst = true
    if (jobs.length === 0) return
    const batch = jobs
    jobs = []
    if (batch.length < MIN_BATCH || !thread?.isUp()) signHere(batch)
    else void signThere(batch, thread)
  }

  function signHere(batch: readonly Job[]): void {
    for (const { input, resolve, reject } of batch) {
      try {
        resolve(signInput(input))
      } catch (cause) {
        reject(cause)
      }
    }
  }

  async function signThere(batch: readonly Job[], there: SigningThread): Promise<void> {
    try {
      const tokens = await signBatch(
        there,
        batch.map(({ input }) => input),
      )
      for (let i = 0; i < batch.length; i++) batch[i]?.resolve(tokens[i] as string)
    } catch {
      signHere(batch) // the thread has failed
    }
  }
}

/** RFC 7638 thumbprint of the key as a JWK. */
export function keyId(publicKey: Uint8Array, sha256: Sha256): string {
  return toBase64Url(sha256(utf8(encodeCanonicalJson({ crv: "Ed25519", kty: "OKP", x: toBase64Url(publicKey) }))))
}

/** RFC 8037; `alg` is left out so that readers of RFC 9864 take it too. */
export function toJwk(
  publicKey: Uint8Array,
  kid: string,
): { kty: "OKP"; crv: "Ed25519"; x: string; kid: string; use: "sig" } {
  return { kty: "OKP", crv: "Ed25519", x: toBase64Url(publicKey), kid, use: "sig" }
}
