/** The folders of test/vectors and what lies in them. */
import { archiveVectors } from "./archives.ts"
import { beatsVectors } from "./beats.ts"
import { canonicalJsonVectors } from "./canonical-json.ts"
import { ed25519KeyVectors, ed25519Vectors } from "./ed25519.ts"
import { evidenceApprovalVectors } from "./evidence-approvals.ts"
import { evidenceClosingVectors } from "./evidence-closings.ts"
import { evidenceExecutedVectors } from "./evidence-executed.ts"
import { evidenceExecutionVectors } from "./evidence-executions.ts"
import { evidenceFamilyVectors } from "./evidence-family.ts"
import { evidenceFileVectors } from "./evidence-file.ts"
import { evidenceGrantVectors } from "./evidence-grant.ts"
import { evidenceKeyVectors } from "./evidence-keys.ts"
import { evidenceLineageVectors } from "./evidence-lineage.ts"
import { evidenceLogVectors } from "./evidence-log.ts"
import { evidenceWitnessVectors } from "./evidence-witnesses.ts"
import { merkleVectors } from "./merkle.ts"
import { checkpointVectors, signedNoteVectors, verifierKeyVectors } from "./notes.ts"
import { strictJsonVectors } from "./strict-json.ts"
import { tlogProofVectors } from "./tlog-proofs.ts"
import { tokenVectors } from "./tokens.ts"
import { trustVectors } from "./trust.ts"
import type { Vector } from "./vector.ts"

export const FAMILIES: Readonly<Record<string, readonly Vector[]>> = {
  "canonical-json": canonicalJsonVectors,
  "strict-json": strictJsonVectors,
  merkle: merkleVectors,
  ed25519: ed25519Vectors,
  "ed25519-key": ed25519KeyVectors,
  "signed-note": signedNoteVectors,
  "verifier-key": verifierKeyVectors,
  checkpoint: checkpointVectors,
  "tlog-proof": tlogProofVectors,
  trust: trustVectors,
  token: tokenVectors,
  beats: beatsVectors,
  archive: archiveVectors,
  evidence: [
    ...evidenceFileVectors,
    ...evidenceLogVectors,
    ...evidenceClosingVectors,
    ...evidenceLineageVectors,
    ...evidenceExecutionVectors,
    ...evidenceExecutedVectors,
    ...evidenceApprovalVectors,
    ...evidenceFamilyVectors,
    ...evidenceGrantVectors,
    ...evidenceWitnessVectors,
    ...evidenceKeyVectors,
  ],
}
