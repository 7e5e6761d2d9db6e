/**
 * Where Cerbos 0.55 (cel-go 0.30) says otherwise and we keep to what we say: each with its reason, a vector, and the calls
 * that it can show in. One whose vector agrees is no exception any more, and fails the test.
 */
import { type Comprehension, childrenOf, type Expr } from "../../src/cel/ast.ts"

export interface CerbosException {
  readonly what: string
  readonly vector: readonly [source: string, right: string]
  /** A part that it shows in. */
  readonly shows: (part: Expr) => boolean
}

const calls = (names: readonly string[], args: number) => (part: Expr) =>
  part.kind === "call" && names.includes(part.name) && part.args.length === args
/** What it does with collections. */
const WALKS = new Set([
  "all",
  "exists",
  "existsOne",
  "map",
  "filter",
  "sortBy",
  "transformList",
  "transformMap",
  "transformMapEntry",
])

export const CERBOS_EXCEPTIONS: readonly CerbosException[] = [
  {
    what: "makes null of a macro whose condition is a constant",
    vector: ["[1, 2].all(x, true)", "true"],
    shows: (part) => part.kind === "comprehension" && conditionsOf(part).some(isConstant),
  },
  {
    what: "writes and reads back durations as seconds in a double, so that nanoseconds of long ones are lost",
    vector: ["string(duration(nothing + '1000000000s') + duration(nothing + '1ns'))", '"1000000000.000000001s"'],
    shows: calls(["string"], 1),
  },
  {
    what: "writes a time with the offset that it was read with; here a text says the moment alone",
    vector: ["string(timestamp(nothing + '2009-02-13T23:31:30+01:00'))", '"2009-02-13T22:31:30Z"'],
    shows: calls(["string"], 1),
  },
  {
    what: "finds nothing from an offset behind the end on; the conformance suite has an error there",
    vector: ["(nothing + 'abc').indexOf('b', 4)", "error"],
    shows: calls(["indexOf"], 2),
  },
  {
    what: "looks for nothing backwards from the end on; the conformance suite lets an offset be the length",
    vector: ["(nothing + 'abc').lastIndexOf('b', 3)", "1"],
    shows: calls(["lastIndexOf"], 2),
  },
  {
    what: "counts all milliseconds of a duration; the conformance suite wants those of its last second",
    vector: ["duration(nothing + '1.5s').getMilliseconds()", "500"],
    shows: calls(["getMilliseconds"], 0),
  },
  {
    what: "errs where two times lie nearly as far apart as a duration can say, since it takes whole seconds first",
    vector: [
      "timestamp(nothing + '1969-12-31T23:59:59.999999999Z') - timestamp(nothing + '2262-04-11T23:47:16Z')",
      "duration -9223372036 -1",
    ],
    shows: calls(["_-_"], 2),
  },
  {
    what: "does not evaluate the index into an optional that holds nothing; here its error is one (fails closed)",
    vector: ["[{'a': 1}][?7 + zero][?['a'][7 + zero]].hasValue()", "error"],
    shows: calls(["_[?_]"], 2),
  },
  {
    what: "sorts what is around a NaN no further; here NaN comes last",
    vector: ["[1.5 + dzero, 0.0 / dzero, 1.0].sort()", "[double 1, double 1.5, double NaN]"],
    shows: (part) => calls(["sort"], 0)(part) || (part.kind === "comprehension" && part.form === "sortBy"),
  },
  {
    what: "reads base64 whose last bits are none of a byte's; here only one text stands for the same bytes",
    vector: ["base64.decode(nothing + 'YR==')", "error"],
    shows: calls(["base64.decode"], 1),
  },
  {
    what: "fails inside where bytes are looked for in a constant list",
    vector: ["dyn(b'a' + none) in [1, 'a']", "false"],
    shows: calls(["@in"], 2),
  },
]

/** The exception that could show in it. */
export function exceptionIn(expr: Expr): CerbosException | undefined {
  return (
    CERBOS_EXCEPTIONS.find(({ shows }) => shows(expr)) ??
    childrenOf(expr)
      .map(exceptionIn)
      .find((found) => found !== undefined)
  )
}

function conditionsOf({ form, filter, body }: Comprehension): readonly Expr[] {
  return WALKS.has(form) ? (filter ? [filter, body] : [body]) : []
}
function isConstant(expr: Expr): boolean {
  return expr.kind !== "ident" && childrenOf(expr).every(isConstant)
}
