/**
 * The keys that this daemon signs tokens with, and how one follows another: a new key is published so long before its first
 * use that every verifier has it by then, and the old one counts until its last token has ended. Which key signs when is
 * what the ledger's records say; the data folder holds private keys, and no word about them. A token is signed by the key
 * of its `iat`, so that a repeat of the request gets the same token, also after the change.
 */
import type { KeyObject } from "node:crypto"
import { WritError } from "../errors.ts"
import { toBase64Url } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import { type Clock, toRecordTime } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { MAX_TTL_MS, type TokenSigner, type TokenSigners } from "../token/token.ts"
import { MAX_SKEW_SECONDS } from "../verify/token.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"
import { isInForce, type TokenKey } from "./token-key.ts"
import { createTurns, type InTurn } from "./turns.ts"

const MAX_ATTEMPTS = 16
/** After a key's last use, its last token can still be redeemed so long. */
const LAST_TOKEN_MS = MAX_TTL_MS + MAX_SKEW_SECONDS * 1000

/** Private keys in the data folder. */
export interface PrivateKeys {
  readonly keys: readonly KeyObject[]
  /** A further key, durable when this returns. */
  make(): KeyObject
  /** Forgets it for good. */
  remove(key: KeyObject): void
}

export interface TokenKeysDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly issuer: string
  readonly files: PrivateKeys
  /** How long a new key is published before its first use, milliseconds. */
  readonly aheadMs: number
  readonly inTurn: InTurn
  control(): ControlState
  /** Loads what changed of the control state. */
  refresh(): Promise<void>
  readonly ledger: { assertOpen(): void; append(entry: Entry): Promise<AppendResult> }
  /** Prepares to sign with a key. */
  signerOf(key: KeyObject): TokenSigner & { stop(): void }
}

export interface Rotated {
  readonly kid: string
  readonly signsFromMs: number
  readonly oldEndsAtMs: number
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
}

/** `at` throws LEDGER_UNAVAILABLE when no key may sign. */
export interface TokenKeys extends TokenSigners {
  /** At the start: makes sure that a key signs, and forgets those that never will, or never will again. */
  open(actor: Actor): Promise<void>
  /** Throws INVALID_TRANSITION while another key waits for its first use, unless they are compromised. */
  rotate(isCompromised: boolean, actor: Actor): Promise<Rotated>
  /** Forgets keys whose last token has ended. */
  tidy(): Promise<void>
  stop(): void
}

interface OwnKey {
  readonly privateKey: KeyObject
  readonly signer: ReturnType<TokenKeysDependencies["signerOf"]>
}

export function createTokenKeys(deps: TokenKeysDependencies): TokenKeys {
  const own = new Map<string, OwnKey>()
  /** What changes the keys themselves: one after the other. */
  const inOrder = createTurns()
  let known: readonly TokenKey[] | null = null
  /** Own keys that sign, the newest first. */
  let signing: readonly { readonly fromSeconds: number; readonly signer: TokenSigner }[] = []

  function add(privateKey: KeyObject): TokenSigner {
    const signer = deps.signerOf(privateKey)
    own.set(signer.kid, { privateKey, signer })
    return signer
  }

  function forget(kid: string, { privateKey, signer }: OwnKey): void {
    deps.files.remove(privateKey)
    own.delete(kid)
    signer.stop()
    known = null
  }

  /** Own keys that the records know, as they are at this moment. */
  function inForce(nowMs: number): TokenKey[] {
    return deps.control().tokenKeys.filter((key) => own.has(key.kid) && isInForce(key, nowMs))
  }

  function schedule(): typeof signing {
    const { tokenKeys } = deps.control()
    if (tokenKeys === known) return signing
    known = tokenKeys
    signing = tokenKeys
      .filter(({ withdrawn }) => withdrawn === null)
      .flatMap(({ kid, signsFromMs }) => {
        const key = own.get(kid)
        return key ? [{ fromSeconds: signsFromMs / 1000, signer: key.signer }] : []
      })
      .sort((a, b) => b.fromSeconds - a.fromSeconds)
    return signing
  }

  /**
   * The state is as new as the ledger, and no append of this daemon's is under way that could name one of these keys:
   * what it does not know by now it never will.
   */
  function forgetUseless(): void {
    const nowMs = deps.clock.now().wallMs
    const useful = new Set(inForce(nowMs).map(({ kid }) => kid))
    for (const [kid, key] of own) if (!useful.has(kid)) forget(kid, key)
  }

  async function publish(
    signer: TokenSigner,
    signsFrom: (nowMs: number) => number,
    endsOf: (signsFromMs: number) => readonly { readonly kid: string; readonly endsAtMs: number }[],
    isCompromised: boolean,
    actor: Actor,
  ): Promise<{ readonly signsFromMs: number; readonly receipt: Rotated["receipt"] }> {
    const { kid, publicKey } = signer
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { epoch } = deps.control()
      const nowMs = deps.clock.now().wallMs
      const signsFromMs = signsFrom(nowMs)
      const ends = endsOf(signsFromMs)
      const record = seal(
        {
          kind: "signing_key_changed",
          actor: { id: actor.id, proof: actor.proof },
          epoch: String(epoch + 1n),
          data: {
            kid,
            public_key: toBase64Url(publicKey),
            use: "token",
            issuer: deps.issuer,
            state: "published",
            signs_from: toRecordTime(signsFromMs),
            ...(ends.length > 0 && {
              ends: ends.map((end) => ({
                kid: end.kid,
                at: toRecordTime(end.endsAtMs),
                compromised: isCompromised,
              })),
            }),
          },
        },
        null,
        nowMs,
      )
      const effects: Effect[] = [
        { kind: "token_key", kid, publicKey, issuer: deps.issuer, signsFromMs },
        ...ends.map((end) => ({ kind: "token_key_ends", ...end, isCompromised }) as const),
      ]
      const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch: true } })
      if (result.kind === "written")
        return {
          signsFromMs,
          receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash },
        }
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }

  async function change(isCompromised: boolean, actor: Actor): Promise<Rotated> {
    deps.ledger.assertOpen()
    await deps.refresh()
    forgetUseless()
    const old = inForce(deps.clock.now().wallMs)
    const next = old.find(({ signsFromMs }) => signsFromMs > deps.clock.now().wallMs)
    if (next && !isCompromised)
      throw new WritError(
        "INVALID_TRANSITION",
        `The key ${next.kid} is published already and signs from ${toRecordTime(next.signsFromMs)} on. Wait for that; if keys are compromised, say so.`,
      )
    const signer = add(deps.files.make())
    // In whole seconds, as `iat` is. What compromises one key of a folder compromises those that lie beside it.
    const signsFrom = (nowMs: number) =>
      isCompromised ? Math.floor(nowMs / 1000) * 1000 : Math.ceil((nowMs + deps.aheadMs) / 1000) * 1000
    const ending = isCompromised ? old : old.filter(({ endsAtMs }) => endsAtMs === null)
    const endOf = (signsFromMs: number) => (isCompromised ? signsFromMs : signsFromMs + LAST_TOKEN_MS)
    const { signsFromMs, receipt } = await publish(
      signer,
      signsFrom,
      (fromMs) => ending.map(({ kid }) => ({ kid, endsAtMs: endOf(fromMs) })),
      isCompromised,
      actor,
    )
    if (isCompromised) forgetUseless()
    return { kid: signer.kid, signsFromMs, oldEndsAtMs: endOf(signsFromMs), receipt }
  }

  for (const key of deps.files.keys) add(key)

  return {
    at(iat) {
      const keys = schedule()
      const signer = keys.find(({ fromSeconds }) => fromSeconds <= iat) ?? keys.at(-1)
      if (!signer)
        throw new WritError("LEDGER_UNAVAILABLE", "No key may sign tokens now. Retry with the same request_id.")
      return signer.signer
    },

    open: (actor) =>
      inOrder(async () => {
        const nowMs = deps.clock.now().wallMs
        const keys = inForce(nowMs)
        const signs = keys.some(({ signsFromMs }) => signsFromMs <= nowMs)
        if (!signs || keys.every(({ endsAtMs }) => endsAtMs !== null)) {
          // The first start; or the folder came from a backup, and what was made since is lost.
          const { tokenKeys } = deps.control()
          const [made] = [...own.values()].filter(({ signer }) => !tokenKeys.some(({ kid }) => kid === signer.kid))
          const signer = made?.signer ?? add(deps.files.make())
          await deps.inTurn(() =>
            publish(
              signer,
              (atMs) => Math.floor(atMs / 1000) * 1000,
              () => [],
              false,
              actor,
            ),
          )
        }
        forgetUseless()
      }),

    rotate: (isCompromised, actor) => inOrder(() => deps.inTurn(() => change(isCompromised, actor))),

    tidy: () =>
      inOrder(async () => {
        deps.ledger.assertOpen()
        await deps.refresh()
        forgetUseless()
      }),

    stop() {
      for (const { signer } of own.values()) signer.stop()
    },
  }
}
