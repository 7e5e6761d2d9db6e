// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface GetInclusionProofResponse {
  'tree_size'?: (number | string | Long);
  'leaf_hash'?: (Buffer | Uint8Array | string);
  'proof'?: (Buffer | Uint8Array | string)[];
  'checkpoint'?: (string);
}

export interface GetInclusionProofResponse__Output {
  'tree_size': (string);
  'leaf_hash': (Buffer);
  'proof': (Buffer)[];
  'checkpoint': (string);
}
