// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface GetInclusionProofRequest {
  'log'?: (string);
  'leaf_index'?: (number | string | Long);
  'tree_size'?: (number | string | Long);
}

export interface GetInclusionProofRequest__Output {
  'log': (string);
  'leaf_index': (string);
  'tree_size': (string);
}
