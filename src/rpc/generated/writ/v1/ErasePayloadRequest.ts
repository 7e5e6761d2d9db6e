// Original file: proto/writ/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface ErasePayloadRequest {
  'log'?: (string);
  'leaf_index'?: (number | string | Long);
  'reason'?: (string);
}

export interface ErasePayloadRequest__Output {
  'log': (string);
  'leaf_index': (string);
  'reason': (string);
}
