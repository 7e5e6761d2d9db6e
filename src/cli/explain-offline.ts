/** A decision explained by a folder's bundle, without a daemon. What only a daemon knows is as the request file says. */
import { sha256 } from "../crypto.ts"
import type { Evaluated } from "../decision/evaluate.ts"
import { snapshot, toPolicyRequest } from "../decision/snapshot.ts"
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"
import { CHECK_NAMES, type CheckName } from "../ledger/record.ts"
import { assess } from "../policy/assess.ts"
import type { Assumptions } from "../policy/assumptions.ts"
import { type Explanation, explain } from "../policy/explain.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { loadPolicy } from "../policy/load.ts"
import { createLocate } from "../policy/locate.ts"
import { createParsePast } from "../policy/parse-assumptions.ts"
import { readYaml } from "../policy/read-yaml.ts"
import { Reader } from "../policy/reader.ts"
import type { LoadResult, PolicyProblem, PolicyReason } from "../policy/types.ts"
import { decodeAuthorizeRequest } from "../rpc/authorize-codec.ts"
import { Malformed, messageType } from "../rpc/load.ts"
import { readPolicyFolder } from "../store/policy-folder.ts"
import { toWireRequest } from "./authorize.ts"

export interface RequestFile {
  readonly name: string
  readonly text: string
}

/** As the daemon reads it; a runtime that the request names is taken to be trusted. */
export function explainOffline(request: JsonObject, file: RequestFile, folder: string, nowMs: number): Evaluated {
  const raw = decodeAuthorizeRequest(messageType("writ.v1.AuthorizeRequest").encode(toWireRequest(request)))
  if (raw instanceof Malformed) throw raw.error
  const asked = snapshot(raw)
  const policyRequest = toPolicyRequest(asked, nowMs)
  const loaded = loadPolicy(readPolicyFolder(folder), sha256)
  if (!loaded.ok) throw new WritError("POLICY_INVALID", loaded.problems.map(formatProblem).join("\n"))
  const { policy } = loaded
  const assumptions: Assumptions = {
    runtime: asked.runtimeId === "" ? "none" : "trusted",
    ...readPast(loaded, request, file),
  }
  let explanation: Explanation | null = null
  const { decision, checks, outcome } = assess(policy, policyRequest, assumptions, (past) => {
    explanation = explain(policy, policyRequest, asked.supportedObligations, past)
    return explanation.outcome
  })
  const found: { readonly [name in CheckName]?: readonly PolicyReason[] | undefined } = checks
  return {
    determination: {
      decision,
      outcome,
      checks: CHECK_NAMES.map((name) => {
        const reasons = found[name]
        if (!reasons) return { name, status: "NOT_REACHED", reasons: [] }
        return { name, status: reasons.length === 0 ? "PASS" : "FAIL", reasons }
      }),
    },
    bundleDigest: policy.digest,
    bundleVersion: policy.version,
    explanation,
  }
}

/** Throws INVALID_REQUEST, with the place of each fault in the file. */
function readPast(
  loaded: Extract<LoadResult, { ok: true }>,
  { history, budgets, approval }: JsonObject,
  { name, text }: RequestFile,
): Pick<Assumptions, "history" | "used" | "approval"> {
  const yaml = readYaml(name, text) // JSON is YAML, and this knows where each value stands
  const locate = createLocate({ [name]: text }, "places" in yaml ? yaml.places : new Map(), name)
  const problems: PolicyProblem[] = []
  const read = new Reader((...told) => problems.push(locate(...told)))
  const parse = createParsePast(loaded)
  const past = {
    history: parse.history(read, "/history", history),
    used: parse.budgets(read, "/budgets", budgets),
    approval: parse.approval(read, "/approval", approval),
  }
  if (problems.length > 0) throw new WritError("INVALID_REQUEST", problems.map(formatProblem).join("\n"))
  return past
}
