/** What the language allows and a policy must not say. */
import { childrenOf, type Expr, pathOf } from "../cel/ast.ts"
import type { Problem } from "../cel/problem.ts"
import { suggest } from "../formats/suggest.ts"
import type { Scope } from "./condition.ts"
import { asHistoryRead, HistoryReadProblem } from "./history-read.ts"
import { ROOTS } from "./layout.ts"

/** What a name may begin with. */
export const NAMES = [...ROOTS, "variables"]

/** An author who writes no zone means a place, and the machine's is never meant. */
const ZONED = new Set([
  "getFullYear",
  "getMonth",
  "getDate",
  "getDayOfMonth",
  "getDayOfWeek",
  "getDayOfYear",
  "getHours",
  "getMinutes",
  "getSeconds",
  "getMilliseconds",
])

/** What the types do not tell. What is wrong within a variable is told where it is declared. */
export function refuse(expr: Expr, scope: Scope, problems: Problem[]): void {
  const visit = (node: Expr) => {
    if (node.kind === "select" && node.operand.kind === "ident" && node.operand.name === "variables") {
      const { field, offset, isTest } = node
      if (isTest) problems.push({ offset, message: "has() asks for a property; a variable is always there." })
      if (!Object.hasOwn(scope.variables, field))
        problems.push({
          offset: node.at,
          message: `There is no variable "${field}".`,
          suggestion: suggest(field, Object.keys(scope.variables)),
        })
    }
    if (node.kind === "comprehension") {
      const taken = node.variables.find((name) => NAMES.includes(name))
      if (taken !== undefined)
        problems.push({
          offset: node.at,
          message: `"${taken}" is taken: bind another name.`,
          suggestion: "Write x, for example.",
        })
    }
    if (node.kind === "call") {
      const { name, target, args, at } = node
      const read = asHistoryRead(node, scope.histories)
      if (read instanceof HistoryReadProblem) problems.push(read.problem)
      if (target && args.length === 0 && ZONED.has(name))
        problems.push({
          offset: at,
          message: `${name}() needs a time zone here, so that no one has to guess which is meant.`,
          suggestion: `Write ${name}("UTC").`,
        })
      if (name === "matches" && !isLiteral(args.at(-1)))
        problems.push({
          offset: at,
          message: "matches() takes a literal pattern.",
          suggestion: "Write it in quotes, or as a constant.",
        })
    }
    for (const child of childrenOf(node)) visit(child)
  }
  visit(expr)
}
/** A text, or a constant: known when the policy is loaded. */
function isLiteral(expr: Expr | undefined): boolean {
  return expr?.kind === "const" || (expr !== undefined && pathOf(expr)?.[0] === "constants")
}
