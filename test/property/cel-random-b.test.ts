import { testRandomly } from "../support/cel-random.ts"

testRandomly(1)
