// Original file: proto/writ/v1/policy.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { BundleReplica as _writ_v1_BundleReplica, BundleReplica__Output as _writ_v1_BundleReplica__Output } from '../../writ/v1/BundleReplica.ts';
import type { PendingActivation as _writ_v1_PendingActivation, PendingActivation__Output as _writ_v1_PendingActivation__Output } from '../../writ/v1/PendingActivation.ts';

export interface Bundle {
  'digest'?: (Buffer | Uint8Array | string);
  'version'?: (string);
  'rule_count'?: (number);
  'state'?: (string);
  'not_before'?: (_google_protobuf_Timestamp | null);
  'not_after'?: (_google_protobuf_Timestamp | null);
  'published_at'?: (_google_protobuf_Timestamp | null);
  'signed_by'?: (Buffer | Uint8Array | string)[];
  'engine_version'?: (string);
  'replicas'?: (_writ_v1_BundleReplica)[];
  'previous_digest'?: (Buffer | Uint8Array | string);
  'pending'?: (_writ_v1_PendingActivation | null);
}

export interface Bundle__Output {
  'digest': (Buffer);
  'version': (string);
  'rule_count': (number);
  'state': (string);
  'not_before': (_google_protobuf_Timestamp__Output | null);
  'not_after': (_google_protobuf_Timestamp__Output | null);
  'published_at': (_google_protobuf_Timestamp__Output | null);
  'signed_by': (Buffer)[];
  'engine_version': (string);
  'replicas': (_writ_v1_BundleReplica__Output)[];
  'previous_digest': (Buffer);
  'pending': (_writ_v1_PendingActivation__Output | null);
}
