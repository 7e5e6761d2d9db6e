// Original file: proto/writ/v1/policy.proto

import type { Long } from '@grpc/proto-loader';

export interface ReplayDecisionsRequest {
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'log'?: (string);
  'start_index'?: (number | string | Long);
  'end_index'?: (number | string | Long);
  'limit'?: (number);
  'only_differences'?: (boolean);
}

export interface ReplayDecisionsRequest__Output {
  'bundle_digest': (Buffer);
  'log': (string);
  'start_index': (string);
  'end_index': (string);
  'limit': (number);
  'only_differences': (boolean);
}
