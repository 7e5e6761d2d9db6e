/** `writ policy check DIR`: what is wrong with a bundle, or its digest. */

import { sha256 } from "../crypto.ts"
import { EXIT_CODES } from "../errors.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { loadPolicy } from "../policy/load.ts"
import { countOpinions, formatDisagreement, type Opinions } from "../policy/second-opinion.ts"
import { askAboutTests } from "../policy/tests/ask-about-tests.ts"
import type { LoadResult } from "../policy/types.ts"
import { readPolicyFolder } from "../store/policy-folder.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"

export async function policyCheckCommand(folder: string, flags: Flags): Promise<number> {
  const files = readPolicyFolder(folder)
  const loaded = loadPolicy(files, sha256)
  const opinions = loaded.ok ? ask(loaded, files) : null
  const problems = loaded.ok ? [] : loaded.problems
  const ok = loaded.ok && opinions?.disagreements.length === 0
  if (flags["json"]) {
    printJson(
      loaded.ok
        ? {
            ok,
            digest: loaded.policy.digest,
            version: loaded.policy.version,
            rules: loaded.policy.ruleCount,
            second_opinion: opinions,
          }
        : { ok, problems },
    )
  } else if (loaded.ok && opinions) {
    print(`${loaded.policy.ruleCount} rules, version ${loaded.policy.version}, digest ${loaded.policy.digest}`)
    print(
      `Second opinion (cel-js): ${opinions.confirmed} conditions confirmed, ${opinions.outside} outside its subset.`,
    )
    for (const disagreement of opinions.disagreements) print(formatDisagreement(disagreement))
  } else {
    for (const problem of problems) print(formatProblem(problem))
    print(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}.`)
  }
  return ok ? 0 : (EXIT_CODES.POLICY_INVALID as number)
}

/** Over inputs that are made up, and over those of the bundle's tests. */
function ask(loaded: Extract<LoadResult, { ok: true }>, files: Readonly<Record<string, string>>): Opinions {
  const opinions = countOpinions(loaded.conditions)
  return { ...opinions, disagreements: [...opinions.disagreements, ...askAboutTests(loaded, files)] }
}
