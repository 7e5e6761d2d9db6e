// Original file: proto/writ/v1/policy.proto

import type { BundleFile as _writ_v1_BundleFile, BundleFile__Output as _writ_v1_BundleFile__Output } from '../../writ/v1/BundleFile.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReplayDecisionsRequest {
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'log'?: (string);
  'start_index'?: (number | string | Long);
  'end_index'?: (number | string | Long);
  'limit'?: (number);
  'only_differences'?: (boolean);
  'files'?: (_writ_v1_BundleFile)[];
  'from'?: (_google_protobuf_Timestamp | null);
  'to'?: (_google_protobuf_Timestamp | null);
}

export interface ReplayDecisionsRequest__Output {
  'bundle_digest': (Buffer);
  'log': (string);
  'start_index': (string);
  'end_index': (string);
  'limit': (number);
  'only_differences': (boolean);
  'files': (_writ_v1_BundleFile__Output)[];
  'from': (_google_protobuf_Timestamp__Output | null);
  'to': (_google_protobuf_Timestamp__Output | null);
}
