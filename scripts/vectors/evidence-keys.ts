/** Evidence where keys have been replaced: another log for another checkpoint key, another kid for another token key. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { allow, alone, entryOf, honest, log, note, refused, taken } from "./evidence.ts"
import { vectorKey } from "./keys.ts"
import {
  CLAIMS,
  type File,
  Log,
  leafHash,
  ORIGIN,
  OTHER_LOG_KEY,
  OTHER_ORIGIN,
  revoked,
  STRANGER,
  TRUST,
} from "./lineage.ts"
import { signedBy, verifierKey } from "./notes.ts"
import type { Vector } from "./vector.ts"

/** Decided before the checkpoint key was replaced, revoked after it. */
const newLog = new Log([{ record: revoked(allow), index: 1 }], { size: 3, origin: OTHER_ORIGIN, key: OTHER_LOG_KEY })
const spanning: File = {
  ...alone,
  checkpoints: [...alone.checkpoints, { log: OTHER_ORIGIN, note: newLog.checkpoint() }],
  records: [entryOf(alone, 0), newLog.entry({ record: revoked(allow), index: 1 })],
}
const [oldEntry, newEntry] = TRUST.logs
const strangersEntry = { origin: ORIGIN, vkey: verifierKey(ORIGIN, STRANGER.publicKey) }
const trusting = (...logs: readonly unknown[]) => ({ ...TRUST, logs })
const honestNote = log.checkpoint()
const [, noteText = ""] = /^(.*\n)\n— /s.exec(honestNote) ?? []
const signedByBoth = note(honestNote + signedBy(STRANGER, ORIGIN, noteText))

const OLD = { key: vectorKey("tokens"), kid: "2026" }
const NEW = { key: vectorKey("tokens of 2027"), kid: "2027" }
const jwk = ({ key, kid }: typeof OLD, as = kid) => ({
  kty: "OKP",
  crv: "Ed25519",
  x: key.publicKey.toString("base64url"),
  kid: as,
})
const withKeys = (...keys: readonly object[]) => ({ ...TRUST, tokens: { keys } })
const part = (value: object) => Buffer.from(naiveCanonicalJson(value)).toString("base64url")
function tokenBy({ key }: typeof OLD, kid: string): string {
  const claims = { ...CLAIMS, leaf: leafHash(allow.body).toString("hex") }
  const input = `${part({ alg: "EdDSA", kid, typ: "exec+jwt" })}.${part(claims)}`
  return `${input}.${key.sign(input).toString("base64url")}`
}
const holding = (token: string, vector: Vector): Vector => ({
  ...vector,
  input: { ...(vector.input as object), token },
})
const granted = (name: string, description: string, token: string, trust: object): Vector =>
  holding(token, taken(name, description, alone, { state: "AUTHORIZED", trust }))
const notGranted = (code: string, name: string, description: string, token: string, trust: object): Vector =>
  holding(token, refused("grant", code, null)(name, description, alone, trust))
const unknownLog = refused("checkpoint", "UNKNOWN_KEY", null)

export const evidenceKeyVectors: readonly Vector[] = [
  taken("keys-first-of-origin", "an origin is named twice, and the first entry's key signed", honest, {
    state: "REVOKED",
    trust: trusting(oldEntry, strangersEntry),
  }),
  taken("keys-signed-by-both", "a further signature under the log's name, by a key that is not trusted", signedByBoth, {
    state: "REVOKED",
  }),
  granted(
    "keys-token-by-old",
    "by the key before, which stays in the trust file",
    tokenBy(OLD, OLD.kid),
    withKeys(jwk(NEW), jwk(OLD)),
  ),
  granted("keys-token-by-new", "by the key after it", tokenBy(NEW, NEW.kid), withKeys(jwk(OLD), jwk(NEW))),
  unknownLog("keys-old-trust", "the trust file is from before the new log", spanning, trusting(oldEntry)),
  unknownLog(
    "keys-withdrawn-log",
    "the old log's key was stolen, and taken out of the trust file",
    spanning,
    trusting(newEntry),
  ),
  unknownLog(
    "keys-second-of-origin",
    "an origin is named twice, and the second entry's key signed",
    honest,
    trusting(strangersEntry, oldEntry),
  ),
  notGranted(
    "UNKNOWN_KEY",
    "keys-withdrawn-token-key",
    "the token's key was stolen, and taken out of the trust file",
    tokenBy(OLD, OLD.kid),
    withKeys(jwk(NEW)),
  ),
  notGranted(
    "SIGNATURE_WRONG",
    "keys-new-under-old-kid",
    "signed by the new key, and named for the old one",
    tokenBy(NEW, OLD.kid),
    withKeys(jwk(OLD), jwk(NEW)),
  ),
  notGranted(
    "SIGNATURE_WRONG",
    "keys-old-under-new-kid",
    "the stolen key, named for the one that replaced it",
    tokenBy(OLD, NEW.kid),
    withKeys(jwk(NEW)),
  ),
  notGranted(
    "SIGNATURE_WRONG",
    "keys-kid-twice",
    "a kid is named twice: the first key counts",
    tokenBy(OLD, OLD.kid),
    withKeys(jwk(NEW, OLD.kid), jwk(OLD)),
  ),
]
