// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchRecordsRequest {
  'log'?: (string);
  'start_index'?: (number | string | Long);
}

export interface WatchRecordsRequest__Output {
  'log': (string);
  'start_index': (string);
}
