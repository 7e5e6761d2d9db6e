// Original file: proto/writ/v1/admin.proto

import type { Binding as _writ_v1_Binding, Binding__Output as _writ_v1_Binding__Output } from '../../writ/v1/Binding.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface RemoveBindingResponse {
  'binding'?: (_writ_v1_Binding | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface RemoveBindingResponse__Output {
  'binding': (_writ_v1_Binding__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
