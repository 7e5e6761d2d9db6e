/** What the thread beside does for a bundle: everything that takes as long as the bundle is large. Pure but for what it loads. */
import { asBuffer, nativeCrypto, sha256 } from "../crypto.ts"
import { type BundleIr, compileCanonicalToIr, compileFilesToIr } from "../policy/bundle-ir.ts"
import type { Condition } from "../policy/condition.ts"
import { loadPolicy } from "../policy/load.ts"
import { isTestFile } from "../policy/merge-files.ts"
import type { Opinions } from "../policy/second-opinion.ts"
import type { PolicyProblem } from "../policy/types.ts"
import { askAll, MAX_CONDITIONS, NO_OPINIONS, withTests } from "./check-bundle.ts"
import { bundleSigningInput } from "./control.ts"

export type PolicyJob =
  | {
      readonly kind: "files"
      /** Their bytes, by path relative to the bundle's folder. */
      readonly files: Readonly<Record<string, Uint8Array>>
      /** Asks cel-js about the conditions, unless this is the bundle's digest. Null: it is not asked. */
      readonly confirm: { readonly unless: string | null } | null
    }
  | { readonly kind: "canonical"; readonly content: Uint8Array }
  | {
      readonly kind: "signature"
      readonly publicKey: Uint8Array
      readonly canonicalBytes: Uint8Array
      readonly signature: Uint8Array
    }
export type ResultOf<J extends PolicyJob> = J["kind"] extends "signature" ? boolean : CompiledIr

export type CompiledIr =
  /** `opinions`: the second engine's; none where it was not asked. */
  | { readonly ok: true; readonly ir: BundleIr; readonly opinions: Opinions }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export async function doPolicyJob(job: PolicyJob): Promise<CompiledIr | boolean> {
  switch (job.kind) {
    case "files":
      return await compileFiles(job)
    case "canonical":
      return compileStored(job.content)
    case "signature":
      return nativeCrypto.ed25519Verify(job.publicKey, bundleSigningInput(job.canonicalBytes), job.signature)
  }
}

/** What is stored is exactly what was signed, or it is no bundle. */
function compileStored(content: Uint8Array): CompiledIr {
  const compiled = compileCanonicalToIr(content, sha256)
  if (!compiled.ok) return compiled
  if (asBuffer(compiled.ir.canonicalBytes).equals(content)) return { ...compiled, opinions: NO_OPINIONS }
  return {
    ok: false,
    problems: [
      { file: "canonical bundle", line: 1, column: 1, message: "These bytes are not in their canonical form." },
    ],
  }
}

async function compileFiles(job: Extract<PolicyJob, { kind: "files" }>): Promise<CompiledIr> {
  const conditions: { readonly id: string; readonly condition: Condition }[] = []
  const texts = Object.entries(job.files).map(([name, bytes]) => [name, asBuffer(bytes).toString("utf8")] as const)
  const files = Object.fromEntries(texts)
  const compiled = compileFilesToIr(files, sha256, (condition, id) => {
    if (job.confirm && conditions.length < MAX_CONDITIONS) conditions.push({ id, condition })
  })
  if (!compiled.ok) return compiled
  const isAsked = job.confirm !== null && job.confirm.unless !== compiled.digest
  if (!isAsked) return { ...compiled, opinions: NO_OPINIONS }
  const opinions = await askAll(conditions)
  if (!Object.keys(files).some(isTestFile)) return { ...compiled, opinions }
  const loaded = loadPolicy(files, sha256) // once more: what crosses threads cannot be evaluated with another engine beside
  return { ...compiled, opinions: loaded.ok ? await withTests(opinions, loaded, files) : opinions }
}
