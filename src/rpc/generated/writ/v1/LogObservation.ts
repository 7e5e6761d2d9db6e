// Original file: proto/writ/v1/lineage.proto

import type { LogPosition as _writ_v1_LogPosition, LogPosition__Output as _writ_v1_LogPosition__Output } from '../../writ/v1/LogPosition.ts';
import type { Long } from '@grpc/proto-loader';

export interface LogObservation {
  'by'?: (_writ_v1_LogPosition | null);
  'tree_size'?: (number | string | Long);
  'root_hash'?: (Buffer | Uint8Array | string);
}

export interface LogObservation__Output {
  'by': (_writ_v1_LogPosition__Output | null);
  'tree_size': (string);
  'root_hash': (Buffer);
}
