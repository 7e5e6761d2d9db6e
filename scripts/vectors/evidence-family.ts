/** Evidence of children: what they say of their parent, and what that one's records must say. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { refused, taken } from "./evidence.ts"
import { sha256, vectorKey } from "./keys.ts"
import {
  CLAIMS,
  CONTENT,
  decision,
  type Entry,
  type File,
  fileOf,
  type Json,
  Log,
  leafHash,
  type Place,
  type Sealed,
  step,
} from "./lineage.ts"
import type { Vector } from "./vector.ts"

const at = (time: string) => `2027-01-15T${time}.000Z`
const NOW = CLAIMS["iat"] as number
const PARENT = "aaaaaaaa-1111-4222-8333-444444444444"
const GRANDPARENT = "bbbbbbbb-1111-4222-8333-444444444444"
const RUNTIME = vectorKey("runtime")
const STRANGER = vectorKey("another runtime")
/** The parent is redeemed at 08:00:02 and has an hour. */
const UNTIL = at("09:00:02")
const BOUND = { lease_id: "cccccccc-1111-4222-8333-444444444444", runtime: "dddddddd-1111-5222-8333-444444444444" }

const defined = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

const cnf = { jwk: { crv: "Ed25519", kty: "OKP", x: RUNTIME.publicKey.toString("base64url") } }
const parentClaims = { ...CLAIMS, cnf, execution_id: PARENT, jti: PARENT }
const parentDecision = decision({ execution_id: PARENT }, { ...CONTENT, claims: parentClaims })
const redeemed = (before: Sealed, record: Json = {}, data: Json = {}) =>
  step(
    before,
    {
      kind: "redeemed",
      state: "REDEEMED",
      time: at("08:00:02"),
      data: defined({ execute_until: UNTIL, ...BOUND, ...data }),
      ...record,
    },
    { redemption: "cd".repeat(32) },
  )
const parentRun = redeemed(parentDecision, { execution_id: PARENT })

const REQUEST = {
  action: { name: "payments.transfer" },
  audience: "runner",
  parameters: { bytes: "e30=", digest: sha256("{}").toString("base64url") },
  request_id: "child-1",
  resource: { id: "42", type: "account" },
  runtime_id: "worker-2",
  subject: { id: "agent-8", type: "agent" },
}
const CONSENT = {
  action: "payments.transfer",
  audience: "runner",
  parameters_digest: hex(sha256("{}")),
  parent_execution_id: PARENT,
  request_id: "child-1",
  resource: { id: "42", type: "account" },
  runtime_id: "worker-2",
  subject: { id: "agent-8", type: "agent" },
}
const consentTo = (consent: Json, key = RUNTIME) => key.sign(`writ/parent/v1\n${naiveCanonicalJson(consent)}`)
const consentId = (signature: Uint8Array) => hex(sha256(Buffer.concat([Buffer.from("writ/consent/v1\n"), signature])))

interface Change {
  readonly link?: Json
  readonly claims?: Json
  readonly request?: Json
  readonly record?: Json
  readonly signature?: Buffer
  readonly content?: Json
}
/** The child's decision. */
const child = ({ link, claims, request, record, signature = consentTo(CONSENT), content }: Change = {}) =>
  decision(
    {
      time: at("08:00:10"),
      parent: {
        consent: consentId(signature),
        depth: 1,
        execution_id: PARENT,
        leaf: hex(leafHash(parentRun.body)),
        ...link,
      },
      ...record,
    },
    {
      ...CONTENT,
      claims: defined({
        ...CLAIMS,
        exp: NOW + 20,
        execute_before: NOW + 3602,
        iat: NOW + 10,
        parent: PARENT,
        ...claims,
      }),
      request: defined({ ...REQUEST, parent_proof: signature.toString("base64url"), ...request }),
      ...content,
    },
  )

/** Two places for the parent's records before the child's, one after them. */
const family = (
  own: readonly Sealed[],
  parents: readonly Sealed[] = [parentDecision, parentRun],
  late: readonly Sealed[] = [],
) => {
  const all = [...parents, ...own, ...late]
  const places: Place[] = all.map((record, i) => ({ record, index: i + 1 }))
  const log = new Log(places, { size: 13 })
  const entryOf = (record: Sealed) => log.entry(places[all.indexOf(record)] as Place)
  const file = fileOf(places, log)
  return {
    ...file,
    records: own.map(entryOf),
    ancestors: [{ execution_id: PARENT, records: [...parents, ...late].map(entryOf) }],
  } as File & { ancestors: { execution_id: string; records: Entry[] }[] }
}
const born = child()
const whole = family([born])
const run = redeemed(born, { time: at("08:00:12") })
const erased = (entry: Entry): Entry => ({ ...entry, payload: null })
const [wholeParent] = whole.ancestors as [{ execution_id: string; records: Entry[] }]

const revokedParent = step(
  parentRun,
  { execution_id: PARENT, kind: "revoked", state: "REVOKED", time: at("08:00:20"), data: {} },
  { reason: "r" },
)
const lostParent = step(
  parentRun,
  {
    execution_id: PARENT,
    kind: "lost",
    state: "LOST",
    time: at("08:00:20"),
    data: { cause: "LEASE_OVER", execute_until: UNTIL, ...BOUND },
  },
  null,
)
const revokedWith = (ended: Sealed, data: Json = {}) =>
  step(
    born,
    {
      kind: "revoked",
      state: "REVOKED",
      time: at("08:00:21"),
      data: {
        ancestor: PARENT,
        ancestor_record: hex(leafHash(ended.body)),
        cause: "ANCESTOR_REVOKED",
        ...data,
      },
    },
    null,
  )

const startedByAnother = step(
  parentRun,
  {
    execution_id: PARENT,
    kind: "started",
    state: "REDEEMED",
    time: at("08:00:03"),
    actor: { id: "key:stranger", proof: "api-key" },
  },
  null,
)

const valid: readonly Vector[] = [
  taken("child", "a child, by its parent's consent", whole, { state: "AUTHORIZED" }),
  taken("child-redeemed", "a child that runs as long as its parent may", family([born, run]), { state: "REDEEMED" }),
  taken(
    "child-without-parameters",
    "a consent to a request without parameters and runtime",
    family([
      child({
        signature: consentTo({ ...CONSENT, parameters_digest: "", runtime_id: "" }),
        request: { parameters: undefined, runtime_id: undefined },
      }),
    ]),
    { state: "AUTHORIZED" },
  ),
  taken(
    "child-erased",
    "what the child's payload said of its parent is not compared when it was erased",
    { ...whole, records: whole.records.map(erased) },
    { state: "AUTHORIZED", steps: { payload: "erased", claims: "erased", executed: "erased" } },
  ),
  taken(
    "child-of-erased",
    "the key of the parent's runtime was erased with its payload",
    { ...whole, ancestors: [{ ...wholeParent, records: wholeParent.records.map(erased) }] } as File,
    { state: "AUTHORIZED", steps: { payload: "erased", claims: "erased", executed: "erased" } },
  ),
  taken(
    "child-revoked-with-parent",
    "the parent was revoked, and the child with it",
    family([born, revokedWith(revokedParent)], undefined, [revokedParent]),
    { state: "REVOKED" },
  ),
  taken(
    "child-revoked-with-lost-parent",
    "the parent's lease was over, and the child was revoked",
    family([born, revokedWith(lostParent, { cause: "ANCESTOR_LOST" })], undefined, [lostParent]),
    { state: "REVOKED" },
  ),
]

const loose = redeemed(born, { time: at("08:00:12") }, { lease_id: undefined })
const lostLoose = step(
  loose,
  {
    kind: "lost",
    state: "LOST",
    time: at("08:00:20"),
    data: { cause: "LEASE_OVER", execute_until: UNTIL, runtime: BOUND.runtime },
  },
  null,
)
const unlinked = refused("lineage", "LINK_WRONG", "3")
const links: readonly Vector[] = [
  unlinked("parent-left-out", "the records of the parent are not in the file", {
    ...whole,
    ancestors: undefined,
  } as File),
  unlinked(
    "parent-of-none",
    "records of a parent that it does not name",
    family([child({ record: { parent: undefined } })]),
  ),
  refused("record", "MALFORMED", "3")(
    "parent-link-null",
    "a link that is none",
    family([child({ record: { parent: null } })]),
  ),
  refused("record", "MALFORMED", "3")(
    "parent-depth-text",
    "a depth that is a text",
    family([child({ link: { depth: "1" } })]),
  ),
  refused("record", "MALFORMED", "3")(
    "parent-leaf-short",
    "a link of one byte",
    family([child({ link: { leaf: "ab" } })]),
  ),
  unlinked(
    "parent-other",
    "the records of another than its parent",
    family([child({ link: { execution_id: GRANDPARENT } })]),
  ),
  unlinked(
    "parent-other-redemption",
    "a link to the parent's decision in place of its redemption",
    family([child({ link: { leaf: hex(leafHash(parentDecision.body)) } })]),
  ),
  refused("lineage", "LINK_WRONG", "2")(
    "parent-not-redeemed",
    "a parent that was never redeemed",
    family([child()], [parentDecision]),
  ),
  unlinked("parent-depth", "another number of ancestors than there are", family([child({ link: { depth: 2 } })])),
  unlinked(
    "parent-of-denied",
    "what was not allowed descends from nothing",
    family([
      child({
        record: { state: undefined, data: { ...(JSON.parse(born.body.toString()).data as Json), decision: "DENY" } },
      }),
    ]),
  ),
  refused("lineage", "LINK_WRONG", "4")(
    "child-after-parent",
    "authorized after its parent had ended",
    family([child()], [parentDecision, parentRun, revokedParent]),
  ),
  refused("lineage", "LINK_WRONG", "4")(
    "revoked-with-living-parent",
    "revoked with a parent that had not ended",
    family([born, revokedWith(parentRun)]),
  ),
  refused("lineage", "LINK_WRONG", "4")(
    "revoked-with-stranger",
    "revoked with an execution that it does not descend from",
    family([born, revokedWith(revokedParent, { ancestor: GRANDPARENT })], undefined, [revokedParent]),
  ),
  refused("lineage", "TOO_LARGE", null)("too-many-ancestors", "17 ancestors", {
    ...whole,
    ancestors: Array(17).fill(wholeParent),
  } as File),
  refused("format", "MALFORMED", null)("ancestors-object", "ancestors that are no list", {
    ...whole,
    ancestors: {},
  } as unknown as File),
  refused("format", "MALFORMED", null)("ancestor-without-records", "an ancestor without a record", {
    ...whole,
    ancestors: [{ ...wholeParent, records: [] }],
  } as File),
  refused("transitions", "TRANSITION_WRONG", "5")(
    "lost-with-another-lease",
    "lost with a lease that it did not live by, before it had to have ended",
    family([
      born,
      run,
      step(
        run,
        {
          kind: "lost",
          state: "LOST",
          time: at("08:00:20"),
          data: { cause: "LEASE_OVER", execute_until: UNTIL, ...BOUND, lease_id: PARENT },
        },
        null,
      ),
    ]),
  ),
  refused("transitions", "TRANSITION_WRONG", "5")(
    "lost-with-no-lease",
    "lost with a lease that the redemption does not name",
    family([born, loose, lostLoose]),
  ),
]

const claimed = refused("claims", "CLAIMS_WRONG", "3")
const noConsent = (name: string, description: string, change: Change) =>
  claimed(`consent-${name}`, description, family([child(change)]))
const claims: readonly Vector[] = [
  claimed(
    "child-longer",
    "it may run longer than its parent",
    family([child({ claims: { execute_before: NOW + 3603 } })]),
  ),
  claimed(
    "child-without-end",
    "a child's token that says no end",
    family([child({ claims: { execute_before: undefined } })]),
  ),
  claimed("child-outlives", "a token that ends after its parent", family([child({ claims: { exp: NOW + 3603 } })])),
  claimed("child-of-another", "its token names another parent", family([child({ claims: { parent: GRANDPARENT } })])),
  refused("claims", "CLAIMS_WRONG", "3")("orphan-token", "a token that names a parent, of an execution that has none", {
    ...family([decision({}, { ...CONTENT, claims: { ...CLAIMS, parent: PARENT } })]),
    ancestors: undefined,
  } as File),
  refused("claims", "CLAIMS_WRONG", "4")(
    "child-runs-longer",
    "redeemed for longer than its parent has",
    family([born, redeemed(born, { time: at("08:00:12") }, { execute_until: at("09:00:12") })]),
  ),
  refused("claims", "CLAIMS_WRONG", "4")(
    "erased-child-runs-longer",
    "redeemed for longer than its parent has, its token erased",
    (() => {
      const file = family([born, redeemed(born, { time: at("08:00:12") }, { execute_until: at("09:00:12") })])
      return { ...file, records: file.records.map(erased) }
    })(),
  ),
  noConsent("of-stranger", "signed by another runtime", { signature: consentTo(CONSENT, STRANGER) }),
  noConsent("to-another-action", "a consent to another action", { signature: consentTo({ ...CONSENT, action: "x" }) }),
  noConsent("to-other-parameters", "a consent to other parameters", {
    signature: consentTo({ ...CONSENT, parameters_digest: "" }),
  }),
  noConsent("other-than-named", "another consent than the record names", { link: { consent: "00".repeat(32) } }),
  noConsent("missing", "no consent in the request", { request: { parent_proof: undefined } }),
  noConsent("to-a-number", "an action whose name is a number, and a consent to it", {
    signature: consentTo({ ...CONSENT, action: 5 }),
    request: { action: { name: 5 } },
  }),
  noConsent("to-no-parameters", "a digest that is a number, and a consent to no parameters", {
    signature: consentTo({ ...CONSENT, parameters_digest: "" }),
    request: { parameters: { bytes: "e30=", digest: 5 } },
  }),
  noConsent("of-no-request", "no request in the payload", { content: { request: null } }),
]

const executed: readonly Vector[] = [
  refused("executed", "EXECUTED_DIFFERS", "3")(
    "parent-started-by-another",
    "the parent's start is reported by another than who redeemed it",
    family([born], [parentDecision, parentRun, startedByAnother]),
  ),
]

export const evidenceFamilyVectors: readonly Vector[] = [...valid, ...links, ...claims, ...executed]
