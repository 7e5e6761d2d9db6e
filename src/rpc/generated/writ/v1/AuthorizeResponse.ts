// Original file: proto/writ/v1/authorization.proto

import type { Decision as _writ_v1_Decision, Decision__Output as _writ_v1_Decision__Output } from '../../writ/v1/Decision.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Check as _writ_v1_Check, Check__Output as _writ_v1_Check__Output } from '../../writ/v1/Check.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';
import type { Obligation as _writ_v1_Obligation, Obligation__Output as _writ_v1_Obligation__Output } from '../../writ/v1/Obligation.ts';
import type { Risk as _writ_v1_Risk, Risk__Output as _writ_v1_Risk__Output } from '../../writ/v1/Risk.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { PhaseTimes as _writ_v1_PhaseTimes, PhaseTimes__Output as _writ_v1_PhaseTimes__Output } from '../../writ/v1/PhaseTimes.ts';
import type { RuleTrace as _writ_v1_RuleTrace, RuleTrace__Output as _writ_v1_RuleTrace__Output } from '../../writ/v1/RuleTrace.ts';

export interface AuthorizeResponse {
  'decision'?: (_writ_v1_Decision);
  'execution_id'?: (string);
  'token'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'checks'?: (_writ_v1_Check)[];
  'reasons'?: (_writ_v1_Reason)[];
  'matched_rules'?: (string)[];
  'obligations'?: (_writ_v1_Obligation)[];
  'risk'?: (_writ_v1_Risk | null);
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'bundle_version'?: (string);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'times'?: (_writ_v1_PhaseTimes | null);
  'trace'?: (_writ_v1_RuleTrace)[];
  'repeated_request'?: (boolean);
  'token_withheld'?: (_writ_v1_Reason | null);
  'approval_id'?: (string);
  'approval_expires_at'?: (_google_protobuf_Timestamp | null);
}

export interface AuthorizeResponse__Output {
  'decision': (_writ_v1_Decision__Output);
  'execution_id': (string);
  'token': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'checks': (_writ_v1_Check__Output)[];
  'reasons': (_writ_v1_Reason__Output)[];
  'matched_rules': (string)[];
  'obligations': (_writ_v1_Obligation__Output)[];
  'risk': (_writ_v1_Risk__Output | null);
  'bundle_digest': (Buffer);
  'bundle_version': (string);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'times': (_writ_v1_PhaseTimes__Output | null);
  'trace': (_writ_v1_RuleTrace__Output)[];
  'repeated_request': (boolean);
  'token_withheld': (_writ_v1_Reason__Output | null);
  'approval_id': (string);
  'approval_expires_at': (_google_protobuf_Timestamp__Output | null);
}
