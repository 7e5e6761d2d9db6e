/** Trust files: what a verifier takes as keys, and what it refuses before it verifies anything. */
import { vectorKey } from "./keys.ts"
import { TRUST } from "./lineage.ts"
import { witnessKey } from "./notes.ts"
import type { Vector } from "./vector.ts"

const vkeys = [witnessKey("w.example/1", vectorKey("witness 1")), witnessKey("w.example/2", vectorKey("witness 2"))]
const [log] = TRUST.logs
const written = (document: unknown) => (typeof document === "string" ? document : JSON.stringify(document))
const vector = (accepted: boolean) => (name: string, description: string, document: unknown) => ({
  name,
  description,
  input: { text: written(document) },
  expected: { accepted },
})
const taken = vector(true)
const refused = vector(false)
const withWitnesses = (witnesses: unknown) => ({ ...TRUST, witnesses })

export const trustVectors: readonly Vector[] = [
  taken("good", "logs and token keys", TRUST),
  taken("without-tokens", "nobody's tokens are trusted", { logs: TRUST.logs }),
  taken("no-log", "nothing is trusted", { logs: [] }),
  taken("unknown-members", "members that this version does not know", { ...TRUST, logs: [{ ...log, more: 1 }], v: 1 }),
  taken("witnesses", "two witnesses, of whom one has to cosign", withWitnesses({ vkeys, quorum: 1 })),
  taken("quorum-of-all", "all have to cosign", withWitnesses({ vkeys, quorum: 2 })),
  taken("quorum-0", "they are counted, and none has to be there", withWitnesses({ vkeys, quorum: 0 })),
  taken("no-witness", "none, of whom none has to cosign", withWitnesses({ vkeys: [], quorum: 0 })),
  taken("witnesses-of-log", "witnesses of one log only", {
    ...TRUST,
    logs: [{ ...log, witnesses: { vkeys, quorum: 2 } }],
  }),
  taken("witness-key-unread", "keys are read where they are used", withWitnesses({ vkeys: ["key"], quorum: 1 })),

  refused("not-json", "no JSON", "logs"),
  refused("list", "a list", [TRUST]),
  refused("two-lists-of-logs", "readers differ on which one counts", '{"logs":[],"logs":[]}'),
  refused("no-logs", "no list of logs", { tokens: TRUST.tokens }),
  refused("log-without-vkey", "a log without its key", { ...TRUST, logs: [{ origin: log?.origin }] }),
  refused("tokens-null", "token keys that are null", { ...TRUST, tokens: null }),
  refused("token-key-without-kid", "a key without its id", {
    ...TRUST,
    tokens: { keys: [{ kty: "OKP", crv: "Ed25519", x: "AAAA" }] },
  }),
  refused("witnesses-null", "witnesses that are null are not absent", withWitnesses(null)),
  refused("witnesses-list", "a list of keys in place of keys and quorum", withWitnesses(vkeys)),
  refused("witnesses-of-log-malformed", "one log's witnesses are none, beside good ones for all", {
    ...withWitnesses({ vkeys, quorum: 1 }),
    logs: [{ ...log, witnesses: { vkeys } }],
  }),
  refused("no-vkeys", "a quorum of nobody", withWitnesses({ quorum: 0 })),
  refused("vkey-number", "a key that is no text", withWitnesses({ vkeys: [1], quorum: 1 })),
  refused("no-quorum", "how many have to cosign is not said", withWitnesses({ vkeys })),
  refused("quorum-above-number", "more have to cosign than there are", withWitnesses({ vkeys, quorum: 3 })),
  refused("quorum-negative", "fewer than none", withWitnesses({ vkeys, quorum: -1 })),
  refused("quorum-half", "half a witness", withWitnesses({ vkeys, quorum: 0.5 })),
  refused("quorum-text", "a quorum that is a text", withWitnesses({ vkeys, quorum: "1" })),
  refused("quorum-true", "a quorum that some languages take for 1", withWitnesses({ vkeys, quorum: true })),
  refused("quorum-null", "a quorum that is none", withWitnesses({ vkeys, quorum: null })),
]
