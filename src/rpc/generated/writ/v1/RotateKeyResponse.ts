// Original file: proto/writ/v1/admin.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface RotateKeyResponse {
  'key_id'?: (string);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'signs_from'?: (_google_protobuf_Timestamp | null);
  'old_key_ends_at'?: (_google_protobuf_Timestamp | null);
  'revoked_executions'?: (number | string | Long);
  'is_revoking'?: (boolean);
}

export interface RotateKeyResponse__Output {
  'key_id': (string);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'signs_from': (_google_protobuf_Timestamp__Output | null);
  'old_key_ends_at': (_google_protobuf_Timestamp__Output | null);
  'revoked_executions': (string);
  'is_revoking': (boolean);
}
