/** Which role may call what: the one table. A method that is not here may be called by nobody. */
import type { Role } from "../decision/state.ts"

export const ROLES: readonly Role[] = ["pep", "runtime", "executor", "auditor", "author", "operator", "admin"]
const READERS: readonly Role[] = ["auditor", "operator"]
const POLICY_READERS: readonly Role[] = ["author", "operator", "auditor"]

export const RPC_ROLES: Readonly<Record<string, readonly Role[]>> = {
  "/writ.v1.AuthorizationService/Authorize": ["pep"],
  "/writ.v1.AuthorizationService/AuthorizeStream": ["pep"],
  "/writ.v1.AuthorizationService/AuthorizeBatch": ["pep"],
  "/writ.v1.AuthorizationService/VerifyToken": ["pep", "executor", "auditor"],
  "/writ.v1.AuthorizationService/RedeemToken": ["executor"],
  "/writ.v1.AuthorizationService/StartExecution": ["executor"],
  "/writ.v1.AuthorizationService/CompleteExecution": ["executor"],
  "/writ.v1.AuthorizationService/RevokeExecution": ["operator"],
  "/writ.v1.AuthorizationService/GetExecution": READERS,
  "/writ.v1.AuthorizationService/ListExecutions": READERS,
  "/writ.v1.AuthorizationService/ListApprovals": ["operator"],
  "/writ.v1.AuthorizationService/DecideApproval": ["operator"],
  "/writ.v1.VerifierService/BeginRegistration": ["runtime"],
  "/writ.v1.VerifierService/RegisterRuntime": ["runtime"],
  "/writ.v1.VerifierService/Heartbeat": ["runtime"],
  "/writ.v1.VerifierService/HeartbeatStream": ["runtime"],
  "/writ.v1.VerifierService/WatchDirectives": ["runtime"],
  "/writ.v1.VerifierService/EndRuntime": ["runtime"],
  "/writ.v1.VerifierService/GetRuntime": READERS,
  "/writ.v1.VerifierService/ListRuntimes": READERS,
  "/writ.v1.VerifierService/SetRuntimeState": ["operator"],
  "/writ.v1.VerifierService/PutReferenceValues": ["operator"],
  "/writ.v1.VerifierService/ListReferenceValues": ["operator", "auditor", "author"],
  "/writ.v1.LineageService/GetRecord": READERS,
  "/writ.v1.LineageService/ListRecords": READERS,
  "/writ.v1.LineageService/GetLineage": READERS,
  "/writ.v1.LineageService/VerifyLineage": READERS,
  "/writ.v1.LineageService/GetCheckpoint": READERS,
  "/writ.v1.LineageService/GetInclusionProof": READERS,
  "/writ.v1.LineageService/GetConsistencyProof": READERS,
  "/writ.v1.LineageService/ExportEvidence": READERS,
  "/writ.v1.PolicyService/ValidateBundle": ["author"],
  "/writ.v1.PolicyService/PublishBundle": ["author"],
  "/writ.v1.PolicyService/GetBundle": POLICY_READERS,
  "/writ.v1.PolicyService/ListBundles": POLICY_READERS,
  "/writ.v1.AdminService/CreateCallerKey": ["admin"],
  "/writ.v1.AdminService/ListCallerKeys": ["admin"],
  "/writ.v1.AdminService/RevokeCallerKey": ["admin"],
  "/writ.v1.AdminService/ErasePayload": ["operator", "admin"],
  "/writ.v1.AdminService/GetServerInfo": ROLES,
}
