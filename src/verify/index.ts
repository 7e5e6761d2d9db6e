/** `writ/verify`: everything that an auditor checks, in Node or a browser, with no I/O and no trust in the operator. */
export { type ArchiveReport, verifyArchive } from "./archive.ts"
export { verifyBeats } from "./beats.ts"
export { verifyCheckpoint } from "./checkpoint.ts"
export { verifyEvidence, verifyGrant } from "./evidence.ts"
export { verifyConsistency, verifyInclusion } from "./merkle.ts"
export { portableCrypto } from "./portable-crypto.ts"
export { verifyTlogProof } from "./tlog-proof.ts"
export { verifyToken } from "./token.ts"
export { parseTrust } from "./trust.ts"
export type {
  Evidence,
  EvidenceRecord,
  EvidenceReport,
  EvidenceStep,
  TokenJwk,
  Trust,
  TrustedLog,
  Verdict,
  Witnesses,
} from "./types.ts"
