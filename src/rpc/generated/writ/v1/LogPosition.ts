// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface LogPosition {
  'log'?: (string);
  'leaf_index'?: (number | string | Long);
}

export interface LogPosition__Output {
  'log': (string);
  'leaf_index': (string);
}
