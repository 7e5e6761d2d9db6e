// Original file: proto/writ/v1/policy.proto

import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from '../../writ/v1/Bundle.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { ShadowReplica as _writ_v1_ShadowReplica, ShadowReplica__Output as _writ_v1_ShadowReplica__Output } from '../../writ/v1/ShadowReplica.ts';

export interface GetShadowResponse {
  'bundle'?: (_writ_v1_Bundle | null);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'set_by'?: (string);
  'set_at'?: (_google_protobuf_Timestamp | null);
  'ends_at'?: (_google_protobuf_Timestamp | null);
  'sample_per_million'?: (number);
  'replicas'?: (_writ_v1_ShadowReplica)[];
}

export interface GetShadowResponse__Output {
  'bundle': (_writ_v1_Bundle__Output | null);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'set_by': (string);
  'set_at': (_google_protobuf_Timestamp__Output | null);
  'ends_at': (_google_protobuf_Timestamp__Output | null);
  'sample_per_million': (number);
  'replicas': (_writ_v1_ShadowReplica__Output)[];
}
