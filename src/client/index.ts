/** `writ/client`: ask before acting, act with the right to, prove to be who one was (docs/sdk.md). For Node. */
export { CallError } from "./call-error.ts"
export { type ConnectOptions, connect, type Keys, type Role, type Service, type WritClient } from "./connect.ts"
export { fromDataFolder } from "./data-folder.ts"
export {
  createGuard,
  type Execution,
  type Guard,
  type GuardDefaults,
  type GuardOptions,
} from "./guard.ts"
export {
  ApprovalRequiredError,
  type DenialReason,
  DeniedError,
  ObligationError,
  type Outcome,
  type StopCode,
  StoppedError,
} from "./guard-errors.ts"
export type { GuardObligation, ObligationHandlers } from "./guard-request.ts"
export {
  type CounterName,
  type DirectiveListener,
  type HeartbeatAgent,
  type HeartbeatAgentOptions,
  LeaseLostError,
  type Measured,
  type RuntimeStateName,
  startHeartbeatAgent,
} from "./heartbeat-agent.ts"
export { makeRuntimeKey, readRuntimeKey } from "./runtime-key.ts"
export type { Directive, RuntimeDescription, RuntimeKey, RuntimeSession } from "./runtime-session.ts"
export {
  createTokenVerifier,
  type TokenUse,
  type TokenVerdict,
  type TokenVerifier,
  type TokenVerifierOptions,
} from "./token-verifier.ts"
