// Original file: proto/writ/v1/policy.proto

import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from '../../writ/v1/Bundle.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Long } from '@grpc/proto-loader';

export interface DecideActivationResponse {
  'bundle'?: (_writ_v1_Bundle | null);
  'epoch'?: (number | string | Long);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface DecideActivationResponse__Output {
  'bundle': (_writ_v1_Bundle__Output | null);
  'epoch': (string);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
