// Original file: proto/writ/v1/admin.proto

import type { CallerKey as _writ_v1_CallerKey, CallerKey__Output as _writ_v1_CallerKey__Output } from '../../writ/v1/CallerKey.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface RevokeCallerKeyResponse {
  'caller_key'?: (_writ_v1_CallerKey | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface RevokeCallerKeyResponse__Output {
  'caller_key': (_writ_v1_CallerKey__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
