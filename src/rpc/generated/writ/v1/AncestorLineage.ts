// Original file: proto/writ/v1/lineage.proto

import type { Record as _writ_v1_Record, Record__Output as _writ_v1_Record__Output } from '../../writ/v1/Record.ts';
import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';

export interface AncestorLineage {
  'execution_id'?: (string);
  'records'?: (_writ_v1_Record)[];
  'state'?: (_writ_v1_ExecutionState);
}

export interface AncestorLineage__Output {
  'execution_id': (string);
  'records': (_writ_v1_Record__Output)[];
  'state': (_writ_v1_ExecutionState__Output);
}
