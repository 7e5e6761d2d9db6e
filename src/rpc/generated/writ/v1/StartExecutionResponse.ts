// Original file: proto/writ/v1/authorization.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface StartExecutionResponse {
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface StartExecutionResponse__Output {
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
