// Original file: proto/writ/v1/verifier.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchDirectivesRequest {
  'runtime_id'?: (string);
  'lease_id'?: (string);
  'acknowledged_directive'?: (number | string | Long);
}

export interface WatchDirectivesRequest__Output {
  'runtime_id': (string);
  'lease_id': (string);
  'acknowledged_directive': (string);
}
