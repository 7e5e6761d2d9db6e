// Original file: proto/writ/v1/authorization.proto

import type { Approval as _writ_v1_Approval, Approval__Output as _writ_v1_Approval__Output } from '../../writ/v1/Approval.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface DecideApprovalResponse {
  'approval'?: (_writ_v1_Approval | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface DecideApprovalResponse__Output {
  'approval': (_writ_v1_Approval__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
