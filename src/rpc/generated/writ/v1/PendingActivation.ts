// Original file: proto/writ/v1/policy.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface PendingActivation {
  'activation_id'?: (string);
  'requested_by'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
}

export interface PendingActivation__Output {
  'activation_id': (string);
  'requested_by': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
}
