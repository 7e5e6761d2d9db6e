// Original file: proto/writ/v1/admin.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Scope as _writ_v1_Scope, Scope__Output as _writ_v1_Scope__Output } from '../../writ/v1/Scope.ts';

export interface CallerKey {
  'id'?: (string);
  'role'?: (string);
  'state'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'scope'?: (_writ_v1_Scope | null);
}

export interface CallerKey__Output {
  'id': (string);
  'role': (string);
  'state': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'scope': (_writ_v1_Scope__Output | null);
}
