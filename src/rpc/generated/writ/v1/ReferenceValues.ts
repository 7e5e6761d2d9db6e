// Original file: proto/writ/v1/verifier.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface ReferenceValues {
  'name'?: (string);
  'claim'?: (string);
  'digests'?: (Buffer | Uint8Array | string)[];
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'provenance'?: (string);
}

export interface ReferenceValues__Output {
  'name': (string);
  'claim': (string);
  'digests': (Buffer)[];
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'provenance': (string);
}
