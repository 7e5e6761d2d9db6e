/** One case of test/vectors: a JSON file that a test in any language can read. test/vectors/README.md has the shapes. */
export interface Vector {
  /** Also the file's name. */
  readonly name: string
  readonly description: string
  readonly input: unknown
  readonly expected: unknown
}
