// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface GetConsistencyProofRequest {
  'log'?: (string);
  'size1'?: (number | string | Long);
  'size2'?: (number | string | Long);
}

export interface GetConsistencyProofRequest__Output {
  'log': (string);
  'size1': (string);
  'size2': (string);
}
