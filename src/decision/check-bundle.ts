/** What is wrong with a bundle, or what it is: compiled, and its conditions read by a second engine. Takes as long as it takes. */
import { sha256 } from "../crypto.ts"
import { loadCanonicalPolicy, loadPolicy } from "../policy/load.ts"
import type { countOpinions, Opinions } from "../policy/second-opinion.ts"
import type { LoadResult, PolicyProblem, ValidityWindow } from "../policy/types.ts"

/** Different ones that cel-js is asked about, since a bundle may hold a hundred thousand; `writ policy check` asks about all. */
export const MAX_CONDITIONS = 1_000

/** By path, as a bundle's author wrote them. */
export type BundleFiles = Readonly<Record<string, string>>

export interface CheckedBundle {
  readonly ok: true
  /** Lower-case hex. */
  readonly digest: string
  readonly version: string
  readonly ruleCount: number
  readonly window: ValidityWindow
  readonly canonicalBytes: Uint8Array
  /** Of at most MAX_CONDITIONS different conditions; nothing where only canonical bytes were checked. */
  readonly opinions: Opinions
}

export type BundleCheck = CheckedBundle | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export const NO_OPINIONS: Opinions = { confirmed: 0, outside: 0, disagreements: [] }

export async function checkFiles(files: BundleFiles): Promise<BundleCheck> {
  const loaded = loadPolicy(files, sha256)
  if (!loaded.ok) return toCheck(loaded, NO_OPINIONS)
  return toCheck(loaded, await withTests(await askAll(loaded.conditions), loaded, files))
}

/** What is asked besides over the requests that the bundle's own tests hold. */
export async function withTests(
  opinions: Opinions,
  loaded: Extract<LoadResult, { ok: true }>,
  files: BundleFiles,
): Promise<Opinions> {
  const { askAboutTests } = await import("../policy/tests/ask-about-tests.ts") // cel-js takes long to load
  return { ...opinions, disagreements: [...opinions.disagreements, ...askAboutTests(loaded, files)] }
}

/** Of a bundle that was published: does this program still read it? */
export function checkCanonical(content: Uint8Array): BundleCheck {
  return toCheck(loadCanonicalPolicy(content, sha256), NO_OPINIONS)
}

export async function askAll(conditions: Parameters<typeof countOpinions>[0]): Promise<Opinions> {
  const { countOpinions: ask } = await import("../policy/second-opinion.ts") // cel-js takes long to load
  return ask(conditions, MAX_CONDITIONS)
}

function toCheck(loaded: LoadResult, opinions: Opinions): BundleCheck {
  if (!loaded.ok) return loaded
  const { digest, version, ruleCount, window, canonicalBytes } = loaded.policy
  return { ok: true, digest, version, ruleCount, window, canonicalBytes, opinions }
}
