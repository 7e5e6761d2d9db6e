// Original file: proto/writ/v1/policy.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';

export interface SetShadowBundleRequest {
  'digest'?: (Buffer | Uint8Array | string);
  'sample_per_million'?: (number);
  'duration'?: (_google_protobuf_Duration | null);
  'reason'?: (string);
}

export interface SetShadowBundleRequest__Output {
  'digest': (Buffer);
  'sample_per_million': (number);
  'duration': (_google_protobuf_Duration__Output | null);
  'reason': (string);
}
