/** Evidence held against a trust file that names witnesses: step 2 counts their cosignatures. */
import { allow, entryOf, honest, log, note, refused, taken } from "./evidence.ts"
import { vectorKey, WEAK_KEY, WEAK_SIGNATURE } from "./keys.ts"
import { type File, LOG_KEY, Log, ORIGIN, OTHER_LOG_KEY, OTHER_ORIGIN, revoked, STRANGER, TRUST } from "./lineage.ts"
import { cosigned, signedBy, verifierKey, witnessKey, witnessLine } from "./notes.ts"
import type { Vector } from "./vector.ts"

const ONE = vectorKey("witness 1")
const TWO = vectorKey("witness 2")
const WEAK = { ...ONE, publicKey: WEAK_KEY }
const vkeys = [witnessKey("w.example/1", ONE), witnessKey("w.example/2", TWO)] as const
const trusting = (quorum: number, keys: readonly string[] = vkeys) => ({
  ...TRUST,
  witnesses: { vkeys: keys, quorum },
})
const plain = log.checkpoint()
const [, text = ""] = /^(.*\n)\n— /s.exec(plain) ?? []
const cosignedBy = (...lines: readonly string[]) => note(plain + lines.join(""))
const byOne = cosigned(text, "w.example/1", ONE)
const byTwo = cosigned(text, "w.example/2", TWO)

const otherLog = new Log([{ record: revoked(allow), index: 1 }], { size: 3, origin: OTHER_ORIGIN, key: OTHER_LOG_KEY })
const acrossLogs = (here: string, there = ""): File => ({
  ...honest,
  checkpoints: [
    { log: ORIGIN, note: plain + here },
    { log: OTHER_ORIGIN, note: otherLog.checkpoint() + there },
  ],
  records: [entryOf(honest, 0), otherLog.entry({ record: revoked(allow), index: 1 })],
})
const otherText = otherLog.checkpoint().split("\n\n")[0] as string
const thereByTwo = cosigned(`${otherText}\n`, "w.example/2", TWO)
const [here, there] = TRUST.logs
const forOneLog = { ...TRUST, logs: [{ ...here, witnesses: { vkeys, quorum: 1 } }, there] }

const state = "REVOKED"
const valid: readonly Vector[] = [
  taken("witness-one-of-two", "one has cosigned, and one has to", cosignedBy(byOne), {
    state,
    trust: trusting(1),
    cosignatures: [1],
  }),
  taken("witness-both", "both, in another order than they are trusted", cosignedBy(byTwo, byOne), {
    state,
    trust: trusting(2),
    cosignatures: [2],
  }),
  taken("witness-quorum-0", "nobody has cosigned, and nobody has to: it rests on the operator", honest, {
    state,
    trust: trusting(0),
    cosignatures: [0],
  }),
  taken(
    "witness-lines-of-others",
    "signatures of people and algorithms that nobody asked for",
    cosignedBy(
      signedBy(STRANGER, "witness.example/plain", text),
      byOne,
      witnessLine("w.example/3", STRANGER, Buffer.alloc(2_420, 7)),
    ),
    { state, trust: trusting(1), cosignatures: [1] },
  ),
  taken("witness-not-named", "cosigned, but the trust file names no witness", cosignedBy(byOne), { state }),
  taken(
    "witness-second-try",
    "one that fails beside one of the same witness that holds",
    cosignedBy(
      byOne.replace(
        /\S+\n$/,
        (line) =>
          `${Buffer.from(Buffer.from(line, "base64").map((byte, i) => (i === 40 ? byte ^ 1 : byte))).toString("base64")}\n`,
      ),
      byOne,
    ),
    {
      state,
      trust: trusting(1),
      cosignatures: [1],
    },
  ),
  taken("witness-across-logs", "a checkpoint of each log, each with its quorum", acrossLogs(byOne, thereByTwo), {
    state,
    trust: trusting(1),
    cosignatures: [1, 1],
  }),
  taken("witness-of-one-log", "only the first log has witnesses", acrossLogs(byOne), {
    state,
    trust: forOneLog,
    cosignatures: [1, null],
  }),
]

const lacking = refused("checkpoint", "COSIGNATURES_LACKING", null)
const malformed = refused("checkpoint", "MALFORMED", null)
const hostile: readonly Vector[] = [
  lacking("witness-none", "nobody has cosigned", honest, trusting(1)),
  lacking("witness-too-few", "one has, and two have to", cosignedBy(byOne), trusting(2)),
  lacking("witness-twice", "one witness twice is one", cosignedBy(byOne, byOne), trusting(2)),
  lacking(
    "witness-twice-at-two-times",
    "one witness at two times is one",
    cosignedBy(byOne, cosigned(text, "w.example/1", ONE, 1_800_000_001n)),
    trusting(2),
  ),
  lacking(
    "witness-trusted-twice",
    "one that is trusted twice is one",
    cosignedBy(byOne),
    trusting(2, [vkeys[0], vkeys[0]]),
  ),
  lacking(
    "witness-by-two-names",
    "one key that is trusted under two names is one",
    cosignedBy(byOne, cosigned(text, "w.example/alias", ONE)),
    trusting(2, [vkeys[0], witnessKey("w.example/alias", ONE)]),
  ),
  lacking(
    "witness-wrong-key",
    "cosigned by another key under the witness's hash",
    cosignedBy(cosigned(text, "w.example/1", ONE, undefined, STRANGER)),
    trusting(1),
  ),
  lacking(
    "witness-stranger",
    "a stranger under the witness's name, with a hash of his own",
    cosignedBy(cosigned(text, "w.example/1", STRANGER)),
    trusting(1),
  ),
  lacking(
    "witness-other-text",
    "what the witness cosigned was another checkpoint",
    cosignedBy(cosigned(text.replace("\n7\n", "\n8\n"), "w.example/1", ONE)),
    trusting(1),
  ),
  lacking(
    "witness-plain-signature",
    "the witness's key over the note itself, as a log signs",
    cosignedBy(witnessLine("w.example/1", ONE, ONE.sign(text))),
    trusting(1),
  ),
  lacking(
    "witness-time-beyond-63-bits",
    "a time that no clock has",
    cosignedBy(cosigned(text, "w.example/1", ONE, 2n ** 63n)),
    trusting(1),
  ),
  lacking(
    "witness-log-as-witness",
    "the log's own key cosigns, under the name of a witness",
    cosignedBy(cosigned(text, "w.example/1", LOG_KEY)),
    trusting(1),
  ),
  lacking(
    "witness-small-order",
    "a trusted key of small order is no witness",
    cosignedBy(witnessLine("w.example/1", WEAK, Buffer.concat([Buffer.alloc(8), WEAK_SIGNATURE]))),
    trusting(1, [witnessKey("w.example/1", WEAK)]),
  ),
  lacking(
    "witness-other-log-lacks",
    "one log's checkpoint is cosigned, the other's not",
    acrossLogs(byOne),
    trusting(1),
  ),
  lacking(
    "witness-cosigned-elsewhere",
    "the cosignature of one log's checkpoint under the other's",
    acrossLogs(byOne, byOne),
    trusting(1),
  ),
  lacking(
    "witness-of-log-first",
    "what one log's entry says takes the place of what is said for all",
    cosignedBy(byOne),
    {
      ...trusting(1),
      logs: [{ ...here, witnesses: { vkeys, quorum: 2 } }, there],
    },
  ),
  malformed(
    "witness-key-of-log",
    "a log's key (0x01) in place of a witness's",
    cosignedBy(byOne),
    trusting(1, [verifierKey("w.example/1", ONE.publicKey)]),
  ),
  malformed(
    "witness-key-malformed",
    "a trusted witness whose key is none",
    cosignedBy(byOne),
    trusting(1, [vkeys[0], "key"]),
  ),
  malformed(
    "witness-key-hash",
    "a trusted key whose hash is not its own",
    cosignedBy(byOne),
    trusting(1, [vkeys[0].replace(/\+[0-9a-f]{8}\+/, "+00000000+")]),
  ),
  refused("checkpoint", "SIGNATURE_WRONG", null)(
    "witness-cannot-sign-for-log",
    "cosignatures do not stand in for the log's own signature",
    note(`${text}\n${signedBy(LOG_KEY, ORIGIN, `${text} `)}${byOne}${byTwo}`),
    trusting(2),
  ),
]

export const evidenceWitnessVectors: readonly Vector[] = [...valid, ...hostile]
