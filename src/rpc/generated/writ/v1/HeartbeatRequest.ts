// Original file: proto/writ/v1/verifier.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Counters as _writ_v1_Counters, Counters__Output as _writ_v1_Counters__Output } from '../../writ/v1/Counters.ts';
import type { Measurements as _writ_v1_Measurements, Measurements__Output as _writ_v1_Measurements__Output } from '../../writ/v1/Measurements.ts';
import type { Environment as _writ_v1_Environment, Environment__Output as _writ_v1_Environment__Output } from '../../writ/v1/Environment.ts';
import type { Long } from '@grpc/proto-loader';

export interface HeartbeatRequest {
  'audience'?: (string);
  'runtime_id'?: (string);
  'lease_id'?: (string);
  'boot_epoch'?: (number | string | Long);
  'sequence'?: (number | string | Long);
  'nonce'?: (Buffer | Uint8Array | string);
  'issued_at'?: (_google_protobuf_Timestamp | null);
  'measurements_digest'?: (Buffer | Uint8Array | string);
  'environment_digest'?: (Buffer | Uint8Array | string);
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'counters'?: (_writ_v1_Counters | null);
  'last_receipt'?: (Buffer | Uint8Array | string);
  'previous_beat'?: (Buffer | Uint8Array | string);
  'acknowledged_directive'?: (number | string | Long);
  'signature'?: (Buffer | Uint8Array | string);
  'measurements'?: (_writ_v1_Measurements | null);
  'environment'?: (_writ_v1_Environment | null);
}

export interface HeartbeatRequest__Output {
  'audience': (string);
  'runtime_id': (string);
  'lease_id': (string);
  'boot_epoch': (string);
  'sequence': (string);
  'nonce': (Buffer);
  'issued_at': (_google_protobuf_Timestamp__Output | null);
  'measurements_digest': (Buffer);
  'environment_digest': (Buffer);
  'bundle_digest': (Buffer);
  'counters': (_writ_v1_Counters__Output | null);
  'last_receipt': (Buffer);
  'previous_beat': (Buffer);
  'acknowledged_directive': (string);
  'signature': (Buffer);
  'measurements': (_writ_v1_Measurements__Output | null);
  'environment': (_writ_v1_Environment__Output | null);
}
