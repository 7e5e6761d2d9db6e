/** A decision, made and sealed as Authorize does it, without a ledger. */

import { type Approvals, NO_APPROVALS } from "../../src/decision/approval.ts"
import { claimRequest } from "../../src/decision/authorize.ts"
import { type Determination, determine, type LeaseLeft } from "../../src/decision/determine.ts"
import { factsOf } from "../../src/decision/facts.ts"
import { linksOf } from "../../src/decision/links.ts"
import type { Parent } from "../../src/decision/parent.ts"
import { buildVerdict, type Issuer, sealDecision } from "../../src/decision/seal.ts"
import { type Snapshot, toPolicyRequest } from "../../src/decision/snapshot.ts"
import type { ControlState } from "../../src/decision/state.ts"
import { encodeCanonicalJson } from "../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { PAYLOAD_SALT_BYTES } from "../../src/ledger/record.ts"
import type { SealedRecord } from "../../src/ledger/store.ts"
import { CALLER, ISSUER } from "./decision.ts"
import { NOW_MS } from "./policy.ts"

export function recordDecision(
  state: ControlState,
  request: Snapshot,
  {
    leaseLeft = () => null,
    parent = null,
    approvals = NO_APPROVALS,
    issuer = ISSUER,
    recorded = request.canonical,
  }: {
    readonly leaseLeft?: LeaseLeft
    readonly parent?: Parent | null
    readonly approvals?: Approvals
    readonly issuer?: Issuer
    readonly recorded?: string
  } = {},
): { readonly record: SealedRecord; readonly determination: Determination } {
  const policyRequest = toPolicyRequest(request, NOW_MS)
  const determination = determine(state, request, policyRequest, leaseLeft, parent, approvals)
  const verdict = buildVerdict(determination, request, state, issuer, NOW_MS)
  const record = sealDecision(
    verdict,
    verdict.claims && encodeCanonicalJson(verdict.claims),
    recorded,
    claimRequest(CALLER, request),
    determination.outcome?.cost ?? 0,
    state.epoch,
    CALLER,
    NOW_MS,
    linksOf(verdict, determination, request),
    factsOf(determination, state),
  )
  return { record, determination }
}

type Change = (json: Record<string, unknown>) => void

/** The record as a forger leaves it: leaf and payload changed, hashes not looked at. */
export function forge(
  { body, payload }: SealedRecord,
  { leaf = () => {}, content = () => {} }: { readonly leaf?: Change; readonly content?: Change },
): { readonly body: Uint8Array; readonly payload: Uint8Array | null } {
  const change = (bytes: Uint8Array, how: Change) => {
    const json = JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, unknown>
    how(json)
    return Buffer.from(encodeCanonicalJson(json as JsonObject))
  }
  return {
    body: change(body, leaf),
    payload:
      payload &&
      Buffer.concat([payload.subarray(0, PAYLOAD_SALT_BYTES), change(payload.subarray(PAYLOAD_SALT_BYTES), content)]),
  }
}
