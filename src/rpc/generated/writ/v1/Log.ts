// Original file: proto/writ/v1/lineage.proto

import type { LogState as _writ_v1_LogState, LogState__Output as _writ_v1_LogState__Output } from '../../writ/v1/LogState.ts';
import type { LogPosition as _writ_v1_LogPosition, LogPosition__Output as _writ_v1_LogPosition__Output } from '../../writ/v1/LogPosition.ts';
import type { LogObservation as _writ_v1_LogObservation, LogObservation__Output as _writ_v1_LogObservation__Output } from '../../writ/v1/LogObservation.ts';
import type { Long } from '@grpc/proto-loader';

export interface Log {
  'origin'?: (string);
  'verifier_key'?: (string);
  'tree_size'?: (number | string | Long);
  'checkpoint'?: (string);
  'checkpoint_size'?: (number | string | Long);
  'state'?: (_writ_v1_LogState);
  'closed_by'?: (_writ_v1_LogPosition | null);
  'observations'?: (_writ_v1_LogObservation)[];
}

export interface Log__Output {
  'origin': (string);
  'verifier_key': (string);
  'tree_size': (string);
  'checkpoint': (string);
  'checkpoint_size': (string);
  'state': (_writ_v1_LogState__Output);
  'closed_by': (_writ_v1_LogPosition__Output | null);
  'observations': (_writ_v1_LogObservation__Output)[];
}
