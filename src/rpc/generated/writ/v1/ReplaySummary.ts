// Original file: proto/writ/v1/policy.proto

import type { Long } from '@grpc/proto-loader';

export interface ReplaySummary {
  'same_count'?: (number | string | Long);
  'different_count'?: (number | string | Long);
  'not_replayable_count'?: (number | string | Long);
  'next_index'?: (number | string | Long);
  'notes'?: (string)[];
}

export interface ReplaySummary__Output {
  'same_count': (string);
  'different_count': (string);
  'not_replayable_count': (string);
  'next_index': (string);
  'notes': (string)[];
}
