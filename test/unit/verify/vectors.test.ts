import { describe, expect, test } from "vitest"
import { nativeCrypto } from "../../../src/crypto.ts"
import { WritError } from "../../../src/errors.ts"
import { fromHex, toHex } from "../../../src/formats/bytes.ts"
import type { BeatsInput, RuntimeKeys } from "../../../src/verify/beats.ts"
import {
  parseTrust,
  portableCrypto,
  type TokenJwk,
  verifyBeats,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
  verifyTlogProof,
  verifyToken,
} from "../../../src/verify/index.ts"
import { verifySignature } from "../../../src/verify/signature.ts"
import type { TlogProofInput } from "../../../src/verify/tlog-proof.ts"
import { readVectors, titled } from "../../support/vectors.ts"

type Verdict = { readonly valid: boolean; readonly code?: string }
/** The reason's text is for people and may change; its code is stable. */
const outcome = ({ valid, reason }: { valid: boolean; reason: string }): Verdict =>
  valid ? { valid } : { valid, code: reason.split(": ")[0] as string }

const merkle = readVectors<unknown, Verdict>("merkle", 40)

describe.each([
  ["native", nativeCrypto],
  ["portable", portableCrypto],
] as const)("with %s primitives", (_, crypto) => {
  describe("verifyInclusion", () => {
    type Input = { leaf_index: string; tree_size: string; leaf_hash: string; proof: string[]; root: string }
    test.each(titled(merkle.filter(({ name }) => name.startsWith("inclusion-"))))("%s", (_, vector) => {
      const { leaf_index, tree_size, leaf_hash, proof, root } = vector.input as Input
      const verdict = verifyInclusion(
        {
          leafIndex: BigInt(leaf_index),
          treeSize: BigInt(tree_size),
          leafHash: fromHex(leaf_hash),
          proof: proof.map(fromHex),
          rootHash: fromHex(root),
        },
        crypto,
      )
      expect(outcome(verdict)).toEqual(vector.expected)
    })
  })

  describe("verifyConsistency", () => {
    type Input = { size1: string; size2: string; root1: string; root2: string; proof: string[] }
    test.each(titled(merkle.filter(({ name }) => name.startsWith("consistency-"))))("%s", (_, vector) => {
      const { size1, size2, root1, root2, proof } = vector.input as Input
      const verdict = verifyConsistency(
        {
          size1: BigInt(size1),
          size2: BigInt(size2),
          root1: fromHex(root1),
          root2: fromHex(root2),
          proof: proof.map(fromHex),
        },
        crypto,
      )
      expect(outcome(verdict)).toEqual(vector.expected)
    })
  })

  describe("verifySignature", () => {
    type Input = { public_key: string; message: string; signature: string }
    test.each(titled(readVectors<Input, { valid: boolean }>("ed25519", 30)))("%s", (_, { input, expected }) => {
      const { public_key, message, signature } = input
      expect(verifySignature(crypto, fromHex(public_key), fromHex(message), fromHex(signature))).toBe(expected.valid)
    })
  })

  describe("verifyCheckpoint", () => {
    type Input = { note: string; origin: string; vkey: string }
    type Expected = Verdict & { size?: string; root?: string }
    test.each(titled(readVectors<Input, Expected>("checkpoint", 20)))("%s", (_, { input, expected }) => {
      const verdict = verifyCheckpoint(input, crypto)
      const { checkpoint } = verdict
      expect({
        ...outcome(verdict),
        ...(checkpoint && { size: String(checkpoint.size), root: toHex(checkpoint.root) }),
      }).toEqual(expected)
    })
  })

  describe("verifyTlogProof", () => {
    type Input = Omit<TlogProofInput, "leafHash"> & { readonly leaf_hash: string }
    type Expected = Verdict & { readonly index?: string; readonly tree_size?: string }
    test.each(titled(readVectors<Input, Expected>("tlog-proof", 30)))("%s", (_, { input, expected }) => {
      const { leaf_hash, ...given } = input
      const verdict = verifyTlogProof({ ...given, leafHash: fromHex(leaf_hash) }, crypto)
      const { valid, index, treeSize } = verdict
      expect({
        ...outcome(verdict),
        ...(valid && { index: String(index), tree_size: String(treeSize) }),
      }).toEqual(expected)
    })
  })

  describe("parseTrust", () => {
    test.each(titled(readVectors<{ text: string }, { accepted: boolean }>("trust", 25)))("%s", (_, vector) => {
      const parse = () => parseTrust(vector.input.text)
      if (vector.expected.accepted) expect(parse).not.toThrow()
      else expect(parse).toThrow(WritError)
    })
  })

  describe("verifyBeats", () => {
    type Input = BeatsInput & { readonly keys: RuntimeKeys | null }
    type Refused = { readonly valid: false; readonly failed_step: string; readonly failed_line: number | null }
    type Expected = { readonly valid: true; readonly anchored: boolean; readonly gaps: object[] } | (Refused & Verdict)
    test.each(titled(readVectors<Input, Expected>("beats", 50)))("%s", (_, { input: { keys, ...input }, expected }) => {
      const report = verifyBeats(input, keys ?? undefined, crypto)
      const { anchored, gaps, failedStep: failed_step, failedLine: failed_line = null } = report
      expect({
        ...outcome(report),
        ...(report.valid ? { anchored, gaps } : { failed_step, failed_line }),
      }).toEqual(expected)
      const bytes = { ...input, segment: new TextEncoder().encode(String(input.segment)) }
      expect(verifyBeats(bytes, keys ?? undefined, crypto)).toEqual(report)
    })
  })

  describe("verifyToken", () => {
    type Input = {
      token: string
      keys: TokenJwk[]
      audience: string
      now_ms: number
      issuer?: string
      parameters_digest?: string | null
    }
    test.each(titled(readVectors<Input, Verdict & { sufficient: boolean }>("token", 50)))(
      "%s",
      (_, { input: { token, keys, audience, now_ms, issuer, parameters_digest }, expected }) => {
        const report = verifyToken(
          token,
          {
            keys,
            audience,
            nowMs: now_ms,
            ...(issuer !== undefined && { issuer }),
            ...(parameters_digest !== undefined && { parametersDigest: parameters_digest }),
          },
          crypto,
        )
        expect({ ...outcome(report), sufficient: report.sufficient }).toEqual(expected)
      },
    )
  })
})
