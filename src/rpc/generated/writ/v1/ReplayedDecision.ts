// Original file: proto/writ/v1/policy.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Decision as _writ_v1_Decision, Decision__Output as _writ_v1_Decision__Output } from '../../writ/v1/Decision.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';

export interface ReplayedDecision {
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'execution_id'?: (string);
  'outcome'?: (string);
  'recorded'?: (_writ_v1_Decision);
  'replayed'?: (_writ_v1_Decision);
  'reasons'?: (_writ_v1_Reason)[];
  'differences'?: (string)[];
  'confirmed_count'?: (number);
  'outside_count'?: (number);
  'disagreements'?: (string)[];
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'matched_rules'?: (string)[];
  'replayed_rules'?: (string)[];
  'input'?: (Buffer | Uint8Array | string);
}

export interface ReplayedDecision__Output {
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'execution_id': (string);
  'outcome': (string);
  'recorded': (_writ_v1_Decision__Output);
  'replayed': (_writ_v1_Decision__Output);
  'reasons': (_writ_v1_Reason__Output)[];
  'differences': (string)[];
  'confirmed_count': (number);
  'outside_count': (number);
  'disagreements': (string)[];
  'bundle_digest': (Buffer);
  'matched_rules': (string)[];
  'replayed_rules': (string)[];
  'input': (Buffer);
}
