/** Texts joined, and asked for what they begin with, end with or hold. */

import { present } from "./access.ts"
import type { Code, Made } from "./code.ts"
import { charge, type Frame } from "./frame.ts"
import { searchCost, textCost } from "./standard.ts"

/** `a + b + c` as a list of three, for those who need not join them. */
export function concatenation(a: Code, b: Code): Made {
  const [x, y] = [a.run, b.run]
  return {
    run: (frame) => {
      const text = x(frame) as string
      const more = y(frame) as string
      charge(frame, joinCost(text.length, more.length))
      return text + more
    },
    parts: [...(a.parts ?? [a]), b],
  }
}
const joinCost = (length: number, more: number) => (length >> 6) + (more >> 6)

export function startsWith(a: Code, b: Code): Made {
  const [of, by] = [a.run, b.run]
  const { constant, parts } = b
  if (typeof constant === "string" && textCost(constant) === 0) {
    const { reads } = a
    if (reads !== undefined) return { run: ({ values }) => (present(values[reads]) as string).startsWith(constant) }
    return { run: (frame) => (of(frame) as string).startsWith(constant) }
  }
  if (parts) {
    const runs = parts.map(({ run }) => run)
    return {
      run: (frame) => {
        const text = of(frame) as string
        let length = 0
        let holds = true
        for (let i = 0; i < runs.length; i++) {
          const part = (runs[i] as Code["run"])(frame) as string
          if (i > 0) charge(frame, joinCost(length, part.length))
          holds = holds && text.startsWith(part, length)
          length += part.length
        }
        charge(frame, length >> 6)
        return holds
      },
    }
  }
  return {
    run: (frame) => {
      const text = of(frame) as string
      return text.startsWith(charged(frame, by(frame) as string))
    },
  }
}
export function endsWith(a: Code, b: Code): Made {
  const [of, by] = [a.run, b.run]
  const { constant } = b
  if (typeof constant === "string" && textCost(constant) === 0) {
    const { reads } = a
    if (reads !== undefined) return { run: ({ values }) => (present(values[reads]) as string).endsWith(constant) }
    return { run: (frame) => (of(frame) as string).endsWith(constant) }
  }
  return {
    run: (frame) => {
      const text = of(frame) as string
      return text.endsWith(charged(frame, by(frame) as string))
    },
  }
}
/** Unlike the two above it may have to read all of the text. */
export function contains(a: Code, b: Code): Made {
  const [of, by] = [a.run, b.run]
  const { constant } = b
  const { readsSlot } = a
  if (typeof constant === "string" && readsSlot !== undefined)
    return {
      run: (frame) => {
        const text = frame.slots[readsSlot] as string
        charge(frame, textCost(text))
        return text.includes(constant)
      },
    }
  return {
    run: (frame) => {
      const text = of(frame) as string
      const part = by(frame) as string
      charge(frame, searchCost(text, part))
      return text.includes(part)
    },
  }
}
function charged(frame: Frame, part: string): string {
  charge(frame, textCost(part))
  return part
}
