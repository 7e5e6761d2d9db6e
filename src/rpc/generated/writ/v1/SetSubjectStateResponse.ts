// Original file: proto/writ/v1/admin.proto

import type { Subject as _writ_v1_Subject, Subject__Output as _writ_v1_Subject__Output } from '../../writ/v1/Subject.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface SetSubjectStateResponse {
  'subject'?: (_writ_v1_Subject | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface SetSubjectStateResponse__Output {
  'subject': (_writ_v1_Subject__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
