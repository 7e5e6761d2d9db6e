// Original file: proto/writ/v1/admin.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface CallerKey {
  'id'?: (string);
  'role'?: (string);
  'state'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
}

export interface CallerKey__Output {
  'id': (string);
  'role': (string);
  'state': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
}
