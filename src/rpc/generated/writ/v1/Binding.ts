// Original file: proto/writ/v1/admin.proto

import type { Scope as _writ_v1_Scope, Scope__Output as _writ_v1_Scope__Output } from '../../writ/v1/Scope.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface Binding {
  'principal'?: (string);
  'role'?: (string);
  'scope'?: (_writ_v1_Scope | null);
  'expires_at'?: (_google_protobuf_Timestamp | null);
}

export interface Binding__Output {
  'principal': (string);
  'role': (string);
  'scope': (_writ_v1_Scope__Output | null);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
}
