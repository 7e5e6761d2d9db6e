// Original file: proto/writ/v1/policy.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface BundleReplica {
  'log'?: (string);
  'acknowledged'?: (boolean);
  'digest'?: (Buffer | Uint8Array | string);
  'epoch'?: (number | string | Long);
  'problem'?: (string);
  'seen_at'?: (_google_protobuf_Timestamp | null);
}

export interface BundleReplica__Output {
  'log': (string);
  'acknowledged': (boolean);
  'digest': (Buffer);
  'epoch': (string);
  'problem': (string);
  'seen_at': (_google_protobuf_Timestamp__Output | null);
}
