/** What of a bundle its tests have reached: rules, signals, budgets, and the truths that conditions are made of. */
import { childrenOf, type Expr } from "../cel/ast.ts"
import { print } from "../cel/print.ts"
import { isWithin } from "./assess.ts"
import type { Condition } from "./condition.ts"
import { isJoint } from "./explain.ts"
import type { Charge, Evaluator, LoadResult } from "./types.ts"
import { type WatchedCondition, watchCondition } from "./watch.ts"

/** A rule, a signal or a budget. */
export interface CoveredCondition {
  readonly kind: "rule" | "signal" | "budget"
  readonly id: string
  /** Its condition, or that no more is drawn than is left, was seen to hold, and not to hold. */
  readonly held: boolean
  readonly failed: boolean
  /** Nothing can fail where there is no condition, or none that depends on the request. */
  readonly canFail: boolean
}
/** An operand of `&&` or `||`, or what a choice asks. */
export interface Branch {
  /** Where it is written, e.g. "rule payment-small" or "variables.has_ticket". */
  readonly within: string
  readonly text: string
  readonly wasTrue: boolean
  readonly wasFalse: boolean
}
export interface Coverage {
  readonly conditions: readonly CoveredCondition[]
  readonly branches: readonly Branch[]
  /** Percent, rounded down; 100 where there is nothing to cover. */
  readonly rulePercent: number
  readonly branchPercent: number
}

type Loaded = Extract<LoadResult, { ok: true }>

export function createCoverage({ conditions, bundle }: Loaded): {
  readonly evaluator: Evaluator
  /** Is told what would be drawn on budgets. */
  charged(charges: readonly Charge[]): void
  report(): Coverage
} {
  const budgets = new Map(Object.keys(bundle.budgets ?? {}).map((name) => [name, { held: false, failed: false }]))
  const watchedOf = new Map<string, WatchedCondition>()
  const watch = (kind: string, id: string, compile: () => Condition): WatchedCondition => {
    const key = `${kind} ${id}`
    const watched = watchedOf.get(key) ?? watchCondition(compile())
    watchedOf.set(key, watched)
    return watched
  }
  return {
    evaluator: (kind, id, _source, compile) => watch(kind, id, compile),
    charged(charges) {
      for (const charge of charges)
        Object.assign(budgets.get(charge.name) ?? {}, isWithin(charge) ? { held: true } : { failed: true })
    },
    report() {
      const branches = new Map<string, Branch>()
      const covered = conditions.map(({ kind, id, condition }): CoveredCondition => {
        const watched = watch(kind, id, () => condition)
        for (const branch of branchesOf(watched, `${kind} ${id}`)) {
          const { wasTrue, wasFalse } = branches.get(branch.key) ?? branch
          branches.set(branch.key, {
            within: branch.within,
            text: branch.text,
            wasTrue: wasTrue || branch.wasTrue,
            wasFalse: wasFalse || branch.wasFalse,
          })
        }
        const { held, failed } = watched.outcomes()
        return { kind, id, held, failed, canFail: condition.constant === undefined }
      })
      for (const [id, outcomes] of budgets) covered.push({ kind: "budget", id, ...outcomes, canFail: true })
      const seen = (truths: readonly boolean[]) =>
        truths.length === 0 ? 100 : Math.floor((100 * truths.filter((truth) => truth).length) / truths.length)
      return {
        conditions: covered,
        branches: [...branches.values()],
        rulePercent: seen(covered.flatMap(({ held, failed, canFail }) => (canFail ? [held, failed] : [held]))),
        branchPercent: seen([...branches.values()].flatMap(({ wasTrue, wasFalse }) => [wasTrue, wasFalse])),
      }
    },
  }
}

/** One that stands in a variable is the same wherever the variable is used. */
function* branchesOf(watched: WatchedCondition, owner: string): Generator<Branch & { readonly key: string }> {
  yield* visit(watched.expr, owner)

  function* visit(expr: Expr, outside: string): Generator<Branch & { readonly key: string }> {
    if (watched.constant(expr) !== undefined) return // what it is made of changes nothing
    const within = ownerOf(expr, outside)
    if (expr.kind === "call" && isJoint(expr.name)) {
      for (const operand of expr.args) yield* asked(operand, within, expr.name)
    } else if (expr.kind === "call" && expr.name === "_?_:_") {
      const [condition, ...answers] = expr.args as readonly [Expr, Expr, Expr]
      yield* asked(condition, within, expr.name)
      for (const answer of answers) yield* visit(answer, within)
    } else for (const child of childrenOf(expr)) yield* visit(child, within)
  }

  /** What is itself made of several is covered by those. */
  function* asked(expr: Expr, outside: string, by: string): Generator<Branch & { readonly key: string }> {
    const within = ownerOf(expr, outside)
    const isMade = expr.kind === "call" && (isJoint(expr.name) || expr.name === "_?_:_")
    if (!isMade && watched.constant(expr) === undefined) {
      const seen = watched.seen(expr)
      const text = print(expr, (part) => (part === expr && within !== outside ? undefined : watched.names.get(part)))
      yield {
        key: `${within} ${expr.offset} ${by}`,
        within,
        text,
        wasTrue: seen?.isTrue ?? false,
        wasFalse: seen?.isFalse ?? false,
      }
    }
    yield* visit(expr, outside)
  }

  function ownerOf(expr: Expr, outside: string): string {
    const name = watched.names.get(expr)
    return name?.startsWith("variables.") ? name : outside
  }
}
