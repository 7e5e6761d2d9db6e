/** What a test expects of the decision, from untyped data. */
import type { JsonValue } from "../../formats/ports.ts"
import { suggest } from "../../formats/suggest.ts"
import type { Bundle } from "../bundle.ts"
import { CHOICES, KEYS } from "../keys.ts"
import { parseBudgetAmounts } from "../parse-assumptions.ts"
import type { Reader } from "../reader.ts"
import { POLICY_REASON_CODES } from "../types.ts"
import type { Layer } from "./parse-situation.ts"
import type { Expectation } from "./test-case.ts"

interface Said {
  readonly path: string
  readonly value: JsonValue
}

export function parseExpectation(read: Reader, path: string, layers: readonly Layer[], bundle: Bundle): Expectation {
  const said = new Map<string, Said>()
  for (const { path: within, value } of layers) {
    const at = `${within}/expect`
    for (const [key, expected] of Object.entries(read.object(at, value["expect"], KEYS.expect)))
      said.set(key, { path: `${at}/${key}`, value: expected })
  }
  if (!said.has("decision")) read.fault(path, "A test says what decision it expects.", "Add `expect: { decision: … }`.")
  const decision = said.get("decision") ?? { path, value: "DENY" }
  const { rules, risk } = bundle
  const list = <T extends string>(key: string, choices: readonly T[]): readonly T[] | undefined => {
    const given = said.get(key)
    if (!given || given.value === null) return undefined
    const items = read.list(given.path, given.value).map((item, i) => {
      const at = `${given.path}/${i}`
      const text = read.text(at, item)
      const what =
        key === "reasons"
          ? "There is no reason code"
          : `The bundle's ${key === "counted" ? "histories" : key} are without`
      if (text !== "" && !(choices as readonly string[]).includes(text))
        read.fault(at, `${what} "${text}".`, suggest(text, choices))
      return text as T
    })
    return [...new Set(items)].sort()
  }
  const tier = said.get("risk")
  const token = said.get("token")
  const budgets = said.get("budgets")
  const lists = {
    reasons: list("reasons", POLICY_REASON_CODES),
    rules: list(
      "rules",
      rules.map(({ id }) => id),
    ),
    obligations: list(
      "obligations",
      rules.flatMap(({ obligations }) => obligations.map(({ id }) => id)),
    ),
    signals: list(
      "signals",
      risk.signals.map(({ id }) => id),
    ),
    counted: list("counted", Object.keys(bundle.history ?? {})),
  }
  return {
    decision: read.oneOf(decision.path, decision.value, CHOICES.decision),
    ...(lists.reasons && { reasons: lists.reasons }),
    ...(lists.rules && { rules: lists.rules }),
    ...(lists.obligations && { obligations: lists.obligations }),
    ...(lists.signals && { signals: lists.signals }),
    ...(lists.counted && { counted: lists.counted }),
    ...(budgets &&
      budgets.value !== null && { budgets: parseBudgetAmounts(read, budgets.path, budgets.value, bundle) }),
    ...(tier && tier.value !== null && { risk: read.oneOf(tier.path, tier.value, CHOICES.tier) }),
    ...(token && token.value !== null && { token: parseToken(read, token) }),
  }
}

function parseToken(read: Reader, { path, value }: Said): NonNullable<Expectation["token"]> {
  const token = read.object(path, value, KEYS.token)
  const ttlMs = read.duration(`${path}/ttl`, token["ttl"])
  const maxDurationMs = read.duration(`${path}/max_duration`, token["max_duration"])
  return {
    ...(ttlMs !== undefined && { ttlMs }),
    ...(maxDurationMs !== undefined && { maxDurationMs }),
    ...(token["use"] !== undefined && { use: read.oneOf(`${path}/use`, token["use"], CHOICES.use) }),
  }
}
