// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface GetConsistencyProofResponse {
  'size2'?: (number | string | Long);
  'proof'?: (Buffer | Uint8Array | string)[];
}

export interface GetConsistencyProofResponse__Output {
  'size2': (string);
  'proof': (Buffer)[];
}
