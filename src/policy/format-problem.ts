/** How a problem of a bundle is told to a person. */
import type { PolicyProblem } from "./types.ts"

/** file:line:column, what is wrong, the line with a caret, what to do. */
export function formatProblem({ file, line, column, message, excerpt, suggestion }: PolicyProblem): string {
  return [
    `${file}:${line}:${column} ${message}`,
    ...(excerpt ? excerpt.split("\n").map((text) => `    ${text}`) : []),
    ...(suggestion ? [`    ${suggestion}`] : []),
  ].join("\n")
}
