/** `npm run bench [-- NAME …] [--json]`: each answers with a ratio against a named baseline of the same run. */
import { benchAuthn } from "./authn-overhead.ts"
import { benchAuthorize } from "./authorize.ts"
import { benchCelEngines } from "./cel-engines.ts"
import { benchCelWorstCase } from "./cel-worst-case.ts"
import { describeRow, type Row } from "./compare.ts"
import { benchDecisionCore } from "./decision-core.ts"
import { benchFsck } from "./fsck.ts"
import { benchBeatsIsolation, benchHeartbeat } from "./heartbeat.ts"
import { benchLedgerAppend } from "./ledger-append.ts"
import { benchLedgerBytes } from "./ledger-bytes.ts"
import { load } from "./load.ts"
import { benchOverload } from "./overload.ts"
import { benchPolicyPeers } from "./policy-peers.ts"
import { benchPolicyReload } from "./policy-reload.ts"
import { benchPolicyShadow } from "./policy-shadow.ts"
import { benchHeap, benchStart } from "./process.ts"
import { profile } from "./profile.ts"
import { benchProofs } from "./proofs.ts"
import { benchReplicas } from "./replicas.ts"
import { benchRevocation } from "./revocation-latency.ts"
import { benchRulesScale } from "./rules-scale.ts"

const AUTHORIZE = ["authorize-unary-latency", "authorize-unary-throughput", "authorize-openloop", "authorize-stream"]
const LEDGER = ["ledger-append", "ledger-commit-latency"]
const NAMES = [
  "decision-core",
  "cel-engines",
  "rules-scale",
  "policy-peers",
  "policy-reload",
  "policy-shadow",
  "cel-worst-case",
  ...AUTHORIZE,
  "authn-overhead",
  "heartbeat",
  "beats-isolation",
  "overload",
  ...LEDGER,
  "proofs",
  "replicas",
  "fsck",
  "ledger-bytes",
  "revocation-latency",
  "start-time",
  "heap-growth",
]

async function run(argv: readonly string[]): Promise<number> {
  if (argv[0] === "load") return await load(argv.slice(1))
  if (argv[0] === "profile") {
    await profile()
    return 0
  }
  const asked = argv.filter((word) => word !== "--json")
  const unknown = asked.find((name) => !NAMES.includes(name))
  if (unknown !== undefined) {
    console.error(`There is no bench "${unknown}". There are: ${[...NAMES, "load", "profile"].join(", ")}.`)
    return 2
  }
  const names = new Set(asked.length > 0 ? asked : NAMES)
  const show = (rows: readonly Row[]) => {
    for (const row of rows) console.log(argv.includes("--json") ? JSON.stringify(row) : describeRow(row))
  }
  if (names.has("decision-core")) show(await benchDecisionCore())
  if (names.has("cel-engines")) benchCelEngines((line) => console.log(line))
  if (names.has("rules-scale")) show(await benchRulesScale())
  if (names.has("policy-peers")) show(await benchPolicyPeers())
  if (names.has("policy-reload")) show(await benchPolicyReload())
  if (names.has("policy-shadow")) show(await benchPolicyShadow())
  if (names.has("cel-worst-case")) show([benchCelWorstCase((line) => console.log(line))])
  if (AUTHORIZE.some((name) => names.has(name))) show(await benchAuthorize(names))
  if (names.has("authn-overhead")) show(await benchAuthn())
  if (names.has("heartbeat")) show(await benchHeartbeat())
  if (names.has("beats-isolation")) show(await benchBeatsIsolation())
  if (names.has("overload")) show(await benchOverload((line) => console.log(line)))
  if (LEDGER.some((name) => names.has(name))) show(await benchLedgerAppend(names))
  if (names.has("proofs")) show(await benchProofs())
  if (names.has("replicas")) show(await benchReplicas())
  if (names.has("fsck")) show(await benchFsck())
  if (names.has("ledger-bytes")) show(await benchLedgerBytes((line) => console.log(line)))
  if (names.has("revocation-latency")) show(await benchRevocation())
  if (names.has("start-time")) show(await benchStart())
  if (names.has("heap-growth")) show(await benchHeap())
  return 0
}

process.exitCode = await run(process.argv.slice(2))
