/** What is wrong with an expression, and where. */
export interface Problem {
  /** UTF-16 units from the start of the source. */
  readonly offset: number
  readonly message: string
  readonly suggestion?: string | undefined
}
/** Thrown while parsing, which ends at its first problem. */
export class SyntaxProblem {
  readonly offset: number
  readonly message: string
  readonly suggestion: string | undefined
  constructor(offset: number, message: string, suggestion?: string) {
    this.offset = offset
    this.message = message
    this.suggestion = suggestion
  }
}
