// Original file: proto/writ/v1/verifier.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface BeginRegistrationResponse {
  'nonce'?: (Buffer | Uint8Array | string);
  'audience'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
}

export interface BeginRegistrationResponse__Output {
  'nonce': (Buffer);
  'audience': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
}
