// Original file: proto/writ/v1/policy.proto

import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from '../../writ/v1/Bundle.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Long } from '@grpc/proto-loader';

export interface ActivateBundleResponse {
  'bundle'?: (_writ_v1_Bundle | null);
  'epoch'?: (number | string | Long);
  'activation_id'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface ActivateBundleResponse__Output {
  'bundle': (_writ_v1_Bundle__Output | null);
  'epoch': (string);
  'activation_id': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
