// Original file: proto/writ/v1/verifier.proto

import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';
import type { RuntimeState as _writ_v1_RuntimeState, RuntimeState__Output as _writ_v1_RuntimeState__Output } from '../../writ/v1/RuntimeState.ts';
import type { Appraisal as _writ_v1_Appraisal, Appraisal__Output as _writ_v1_Appraisal__Output } from '../../writ/v1/Appraisal.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Directive as _writ_v1_Directive, Directive__Output as _writ_v1_Directive__Output } from '../../writ/v1/Directive.ts';
import type { Long } from '@grpc/proto-loader';

export interface HeartbeatResponse {
  'sequence'?: (number | string | Long);
  'accepted'?: (boolean);
  'reasons'?: (_writ_v1_Reason)[];
  'state'?: (_writ_v1_RuntimeState);
  'appraisal'?: (_writ_v1_Appraisal)[];
  'next_nonce'?: (Buffer | Uint8Array | string);
  'next_beat_in'?: (_google_protobuf_Duration | null);
  'lease_expires_at'?: (_google_protobuf_Timestamp | null);
  'directives'?: (_writ_v1_Directive)[];
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'send_in_full'?: (boolean);
  'lease_left'?: (_google_protobuf_Duration | null);
}

export interface HeartbeatResponse__Output {
  'sequence': (string);
  'accepted': (boolean);
  'reasons': (_writ_v1_Reason__Output)[];
  'state': (_writ_v1_RuntimeState__Output);
  'appraisal': (_writ_v1_Appraisal__Output)[];
  'next_nonce': (Buffer);
  'next_beat_in': (_google_protobuf_Duration__Output | null);
  'lease_expires_at': (_google_protobuf_Timestamp__Output | null);
  'directives': (_writ_v1_Directive__Output)[];
  'bundle_digest': (Buffer);
  'send_in_full': (boolean);
  'lease_left': (_google_protobuf_Duration__Output | null);
}
