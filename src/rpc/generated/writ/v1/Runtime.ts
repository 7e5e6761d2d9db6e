// Original file: proto/writ/v1/verifier.proto

import type { RuntimeState as _writ_v1_RuntimeState, RuntimeState__Output as _writ_v1_RuntimeState__Output } from '../../writ/v1/RuntimeState.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';
import type { Appraisal as _writ_v1_Appraisal, Appraisal__Output as _writ_v1_Appraisal__Output } from '../../writ/v1/Appraisal.ts';
import type { Measurements as _writ_v1_Measurements, Measurements__Output as _writ_v1_Measurements__Output } from '../../writ/v1/Measurements.ts';
import type { Environment as _writ_v1_Environment, Environment__Output as _writ_v1_Environment__Output } from '../../writ/v1/Environment.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Counters as _writ_v1_Counters, Counters__Output as _writ_v1_Counters__Output } from '../../writ/v1/Counters.ts';
import type { Long } from '@grpc/proto-loader';

export interface Runtime {
  'runtime_id'?: (string);
  'public_key'?: (Buffer | Uint8Array | string);
  'state'?: (_writ_v1_RuntimeState);
  'reasons'?: (_writ_v1_Reason)[];
  'appraisal'?: (_writ_v1_Appraisal)[];
  'measurements'?: (_writ_v1_Measurements | null);
  'environment'?: (_writ_v1_Environment | null);
  'parent_runtime_id'?: (string);
  'lease_id'?: (string);
  'boot_epoch'?: (number | string | Long);
  'last_sequence'?: (number | string | Long);
  'last_beat_at'?: (_google_protobuf_Timestamp | null);
  'lease_expires_at'?: (_google_protobuf_Timestamp | null);
  'counters'?: (_writ_v1_Counters | null);
}

export interface Runtime__Output {
  'runtime_id': (string);
  'public_key': (Buffer);
  'state': (_writ_v1_RuntimeState__Output);
  'reasons': (_writ_v1_Reason__Output)[];
  'appraisal': (_writ_v1_Appraisal__Output)[];
  'measurements': (_writ_v1_Measurements__Output | null);
  'environment': (_writ_v1_Environment__Output | null);
  'parent_runtime_id': (string);
  'lease_id': (string);
  'boot_epoch': (string);
  'last_sequence': (string);
  'last_beat_at': (_google_protobuf_Timestamp__Output | null);
  'lease_expires_at': (_google_protobuf_Timestamp__Output | null);
  'counters': (_writ_v1_Counters__Output | null);
}
