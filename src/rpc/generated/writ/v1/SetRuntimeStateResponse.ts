// Original file: proto/writ/v1/verifier.proto

import type { Runtime as _writ_v1_Runtime, Runtime__Output as _writ_v1_Runtime__Output } from '../../writ/v1/Runtime.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface SetRuntimeStateResponse {
  'runtime'?: (_writ_v1_Runtime | null);
  'cascaded_runtime_ids'?: (string)[];
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface SetRuntimeStateResponse__Output {
  'runtime': (_writ_v1_Runtime__Output | null);
  'cascaded_runtime_ids': (string)[];
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
