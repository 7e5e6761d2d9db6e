// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface GetRecordRequest {
  'log'?: (string);
  'leaf_index'?: (number | string | Long);
  'leaf_hash'?: (Buffer | Uint8Array | string);
  'execution_id'?: (string);
  'by'?: "leaf_index"|"leaf_hash";
}

export interface GetRecordRequest__Output {
  'log': (string);
  'leaf_index'?: (string);
  'leaf_hash'?: (Buffer);
  'execution_id': (string);
  'by'?: "leaf_index"|"leaf_hash";
}
