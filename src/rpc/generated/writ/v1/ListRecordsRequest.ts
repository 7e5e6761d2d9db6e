// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface ListRecordsRequest {
  'log'?: (string);
  'start_index'?: (number | string | Long);
  'page_size'?: (number);
  'kind'?: (string);
}

export interface ListRecordsRequest__Output {
  'log': (string);
  'start_index': (string);
  'page_size': (number);
  'kind': (string);
}
