// Original file: proto/writ/v1/common.proto

import type { Long } from '@grpc/proto-loader';

export interface LedgerReceipt {
  'log'?: (string);
  'leaf_index'?: (number | string | Long);
  'leaf_hash'?: (Buffer | Uint8Array | string);
}

export interface LedgerReceipt__Output {
  'log': (string);
  'leaf_index': (string);
  'leaf_hash': (Buffer);
}
