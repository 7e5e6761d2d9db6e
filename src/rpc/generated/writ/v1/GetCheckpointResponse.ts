// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface GetCheckpointResponse {
  'checkpoint'?: (string);
  'tree_size'?: (number | string | Long);
  'root_hash'?: (Buffer | Uint8Array | string);
}

export interface GetCheckpointResponse__Output {
  'checkpoint': (string);
  'tree_size': (string);
  'root_hash': (Buffer);
}
