// Original file: proto/writ/v1/admin.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface GetServerInfoResponse {
  'version'?: (string);
  'log'?: (string);
  'verifier_key'?: (string);
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'bundle_version'?: (string);
  'epoch'?: (number | string | Long);
  'development'?: (boolean);
  'started_at'?: (_google_protobuf_Timestamp | null);
  'tree_size'?: (number | string | Long);
}

export interface GetServerInfoResponse__Output {
  'version': (string);
  'log': (string);
  'verifier_key': (string);
  'bundle_digest': (Buffer);
  'bundle_version': (string);
  'epoch': (string);
  'development': (boolean);
  'started_at': (_google_protobuf_Timestamp__Output | null);
  'tree_size': (string);
}
