/** cel-js's opinion on each condition that a test of the bundle reaches, on what the author wrote down instead of what is made up. */
import { assess } from "../assess.ts"
import type { Condition } from "../condition.ts"
import { mergeFiles } from "../merge-files.ts"
import { inputOf, opinionOn } from "../opinion-on.ts"
import type { Disagreement } from "../second-opinion.ts"
import type { Evaluator, LoadResult } from "../types.ts"
import { parseTests } from "./parse-tests.ts"

/** One for each condition that is read differently. Without tests, or with tests that are not valid: none. */
export function askAboutTests(
  loaded: Extract<LoadResult, { ok: true }>,
  files: Readonly<Record<string, string>>,
): readonly Disagreement[] {
  const merged = mergeFiles(files, "test")
  if ("problems" in merged) return []
  let isValid = true
  const cases = parseTests(merged.value, loaded, () => {
    isValid = false
  })
  if (!isValid) return []
  const compiled = new Map<string, Condition>()
  const found = new Map<string, Disagreement>()
  for (const { name, request, assumptions, supportedObligations } of cases) {
    const evaluator: Evaluator = (kind, id, source, compile) => {
      const key = `${kind} ${id}`
      const condition = compiled.get(key) ?? compile()
      compiled.set(key, condition)
      return {
        ...condition,
        evaluate(bindings, limit) {
          const mine = condition.evaluate(bindings, limit)
          if (typeof mine === "boolean" && opinionOn(condition, request, mine) === "disagrees" && !found.has(key))
            found.set(key, { id, source, input: inputOf(condition, request), test: name, mine, other: !mine })
          return mine
        },
      }
    }
    assess(loaded.policy, request, assumptions, (past) =>
      loaded.policy.evaluate(request, supportedObligations, evaluator, past),
    )
  }
  return [...found.values()]
}
