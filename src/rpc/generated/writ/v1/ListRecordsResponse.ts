// Original file: proto/writ/v1/lineage.proto

import type { Record as _writ_v1_Record, Record__Output as _writ_v1_Record__Output } from '../../writ/v1/Record.ts';
import type { Long } from '@grpc/proto-loader';

export interface ListRecordsResponse {
  'records'?: (_writ_v1_Record)[];
  'next_index'?: (number | string | Long);
  'tree_size'?: (number | string | Long);
}

export interface ListRecordsResponse__Output {
  'records': (_writ_v1_Record__Output)[];
  'next_index': (string);
  'tree_size': (string);
}
