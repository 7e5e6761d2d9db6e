// Original file: proto/writ/v1/verifier.proto

import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Long } from '@grpc/proto-loader';

export interface Directive {
  'number'?: (number | string | Long);
  'kind'?: (string);
  'execution_id'?: (string);
  'reason'?: (_writ_v1_Reason | null);
  'issued_at'?: (_google_protobuf_Timestamp | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface Directive__Output {
  'number': (string);
  'kind': (string);
  'execution_id': (string);
  'reason': (_writ_v1_Reason__Output | null);
  'issued_at': (_google_protobuf_Timestamp__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
