// Original file: proto/writ/v1/policy.proto

import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from '../../writ/v1/Bundle.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface PublishBundleResponse {
  'bundle'?: (_writ_v1_Bundle | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'already_published'?: (boolean);
}

export interface PublishBundleResponse__Output {
  'bundle': (_writ_v1_Bundle__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'already_published': (boolean);
}
