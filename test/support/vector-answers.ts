/**
 * The families of test/vectors: from a vector's input to the answer that it expects. Loads nothing itself, so that the same
 * code asks the sources, the built package, and the package in a browser.
 */

/** What is asked: modules of `src`, or what was built of them. */
export interface Library {
  readonly verify: typeof import("../../src/verify/index.ts")
  readonly signature: typeof import("../../src/verify/signature.ts")
  readonly bytes: typeof import("../../src/formats/bytes.ts")
  readonly canonicalJson: typeof import("../../src/formats/canonical-json.ts")
  readonly keys: typeof import("../../src/formats/ed25519-keys.ts")
  readonly merkle: typeof import("../../src/formats/merkle.ts")
  readonly notes: typeof import("../../src/formats/signed-note.ts")
  readonly strictJson: typeof import("../../src/formats/strict-json.ts")
}
/** Where a module of the Library lies, below src/ or dist/, without its extension. */
export const MODULES: Readonly<Record<keyof Library, string>> = {
  verify: "verify/index",
  signature: "verify/signature",
  bytes: "formats/bytes",
  canonicalJson: "formats/canonical-json",
  keys: "formats/ed25519-keys",
  merkle: "formats/merkle",
  notes: "formats/signed-note",
  strictJson: "formats/strict-json",
}

// biome-ignore lint/suspicious/noExplicitAny: inputs are JSON of as many shapes as there are families
type Input = any
export interface Asked {
  readonly family: string
  readonly name: string
  readonly input: Input
}

export function createAnswers({ verify, signature, bytes, canonicalJson, keys, merkle, notes, strictJson }: Library) {
  const { fromHex, toHex, utf8, fromBase64 } = bytes
  const crypto = verify.portableCrypto
  const codeOf = ({ valid, reason }: { valid: boolean; reason: string }) =>
    valid ? { valid } : { valid, code: reason.split(": ")[0] }
  /** What a reader throws is its refusal. */
  const attempt = (read: () => object, refused: object) => {
    try {
      return read()
    } catch {
      return refused
    }
  }

  const families: Readonly<Record<string, (input: Input, name: string) => unknown>> = {
    "canonical-json": (input) =>
      attempt(
        () => ({
          canonical: canonicalJson.encodeCanonicalJson(
            "json" in input ? JSON.parse(input.json) : new DataView(fromHex(input.ieee754).buffer).getFloat64(0),
          ),
        }),
        { refused: true },
      ),
    "strict-json": ({ text, max_depth, max_nodes }) =>
      attempt(
        () => {
          const value = strictJson.parseStrictJson(text, { maxDepth: max_depth, maxNodes: max_nodes })
          return { accepted: true, canonical: canonicalJson.encodeCanonicalJson(value) }
        },
        { accepted: false },
      ),
    merkle(input, name) {
      if (name.startsWith("root-")) {
        const leaves = input.leaves.map((body: string) => merkle.hashLeaf(crypto.sha256, fromHex(body)))
        return { root: toHex(merkle.rootOfHashes(crypto.sha256, leaves)) }
      }
      const proof = input.proof.map(fromHex)
      if (name.startsWith("inclusion-"))
        return codeOf(
          verify.verifyInclusion({
            leafIndex: BigInt(input.leaf_index),
            treeSize: BigInt(input.tree_size),
            leafHash: fromHex(input.leaf_hash),
            proof,
            rootHash: fromHex(input.root),
          }),
        )
      return codeOf(
        verify.verifyConsistency({
          size1: BigInt(input.size1),
          size2: BigInt(input.size2),
          root1: fromHex(input.root1),
          root2: fromHex(input.root2),
          proof,
        }),
      )
    },
    ed25519: (input) => ({
      valid: signature.verifySignature(
        crypto,
        fromHex(input.public_key),
        fromHex(input.message),
        fromHex(input.signature),
      ),
    }),
    "ed25519-key": ({ public_key }) => ({ accepted: keys.parsePublicKey(fromHex(public_key)) !== null }),
    "signed-note": ({ note }) =>
      attempt(
        () => {
          const { text, signatures } = notes.parseNote(note)
          return { well_formed: true, text, signatures: signatures.map(({ name }) => name) }
        },
        { well_formed: false },
      ),
    "verifier-key": ({ vkey }) =>
      attempt(
        () => {
          const { name, keyHash, publicKey } = notes.parseVerifierKey(crypto.sha256, vkey)
          return { valid: true, name, key_hash: toHex(keyHash), public_key: toHex(publicKey) }
        },
        { valid: false },
      ),
    checkpoint(input) {
      const verdict = verify.verifyCheckpoint(input)
      const { checkpoint } = verdict
      if (!checkpoint) return codeOf(verdict)
      return { valid: true, size: String(checkpoint.size), root: toHex(checkpoint.root) }
    },
    "tlog-proof"({ proof, leaf_hash, origin, vkey, witnesses }) {
      const verdict = verify.verifyTlogProof({
        proof,
        leafHash: fromHex(leaf_hash),
        origin,
        vkey,
        ...(witnesses && { witnesses }),
      })
      const { index, treeSize } = verdict
      return { ...codeOf(verdict), ...(verdict.valid && { index: String(index), tree_size: String(treeSize) }) }
    },
    trust: ({ text }) =>
      attempt(
        () => {
          verify.parseTrust(text)
          return { accepted: true }
        },
        { accepted: false },
      ),
    token({ token, keys: trusted, audience, now_ms, issuer, parameters_digest }) {
      const report = verify.verifyToken(token, {
        keys: trusted,
        audience,
        nowMs: now_ms,
        ...(issuer !== undefined && { issuer }),
        ...(parameters_digest !== undefined && { parametersDigest: parameters_digest }),
      })
      return { ...codeOf(report), sufficient: report.sufficient }
    },
    beats({ keys: trusted, ...input }) {
      const report = verify.verifyBeats(input, trusted ?? undefined)
      const { anchored, gaps, failedStep: failed_step, failedLine: failed_line = null } = report
      return { ...codeOf(report), ...(report.valid ? { anchored, gaps } : { failed_step, failed_line }) }
    },
    async archive({ archive_base64, trust: document }) {
      const bytes = fromBase64(archive_base64)
      let at = 0
      const source = {
        async take(length: number) {
          const taken = bytes.subarray(at, at + length)
          at += taken.length
          return taken
        },
      }
      const trust = document === null ? undefined : verify.parseTrust(JSON.stringify(document))
      const report = await verify.verifyArchive(source, { trust })
      const { anchored, digest, erased, failedStep: failed_step, failedIndex } = report
      if (report.valid) return { valid: true, anchored, erased, digest }
      return { ...codeOf(report), failed_step, failed_index: failedIndex === undefined ? null : String(failedIndex) }
    },
    evidence({ evidence, evidence_base64, trust: document, token }) {
      const file = evidence === undefined ? fromBase64(evidence_base64) : utf8(evidence)
      const trust = document === null ? undefined : verify.parseTrust(JSON.stringify(document))
      const report = token === undefined ? verify.verifyEvidence(file, trust) : verify.verifyGrant(token, file, trust)
      const {
        anchored,
        execution,
        checkpoints = [],
        failedStep: failed_step,
        failedIndex: failed_index = null,
      } = report
      if (!report.valid) return { ...codeOf(report), failed_step, failed_index }
      const { decision, state } = execution as { decision: string; state: string | null }
      const steps = Object.fromEntries(
        report.steps.filter(({ result }) => result !== "ok").map(({ step, result }) => [step, result]),
      )
      const cosignatures = checkpoints.map((one) => one.cosignatures)
      const counted = cosignatures.some((count) => count !== null) ? { cosignatures } : {}
      return { valid: true, anchored, ...counted, decision, state, steps }
    },
  }

  return async ({ family, name, input }: Asked): Promise<unknown> => {
    const answer = families[family]
    if (!answer) throw new Error(`there is no family ${family}`)
    return await answer(input, name)
  }
}
