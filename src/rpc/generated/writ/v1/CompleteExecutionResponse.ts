// Original file: proto/writ/v1/authorization.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';

export interface CompleteExecutionResponse {
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'state'?: (_writ_v1_ExecutionState);
}

export interface CompleteExecutionResponse__Output {
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'state': (_writ_v1_ExecutionState__Output);
}
