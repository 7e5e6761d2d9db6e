// Original file: proto/writ/v1/authorization.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface RedeemTokenResponse {
  'execution_id'?: (string);
  'execute_until'?: (_google_protobuf_Timestamp | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface RedeemTokenResponse__Output {
  'execution_id': (string);
  'execute_until': (_google_protobuf_Timestamp__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
