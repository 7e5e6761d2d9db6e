/** RE2: linear in the text. Patterns that are written out are compiled once, when the expression is. */
import { RE2JS } from "@bufbuild/re2"
import { CelError } from "./value.ts"

export interface Pattern {
  test(text: string): boolean
}
/** Throws a CelError when it is not RE2. */
export function compilePattern(pattern: string): Pattern {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    throw new CelError(`the pattern is not RE2: ${(error as Error).message}`)
  }
}
export function matches(text: string, pattern: string): boolean {
  return compilePattern(pattern).test(text)
}
/** Charged before it runs: the automaton has about as many states as the pattern has characters. */
export function regexCost(text: string, pattern: string): number {
  return 10 + ((text.length * (8 + pattern.length)) >> 5)
}
