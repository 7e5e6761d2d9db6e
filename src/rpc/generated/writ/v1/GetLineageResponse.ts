// Original file: proto/writ/v1/lineage.proto

import type { Record as _writ_v1_Record, Record__Output as _writ_v1_Record__Output } from '../../writ/v1/Record.ts';
import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';
import type { AncestorLineage as _writ_v1_AncestorLineage, AncestorLineage__Output as _writ_v1_AncestorLineage__Output } from '../../writ/v1/AncestorLineage.ts';

export interface GetLineageResponse {
  'records'?: (_writ_v1_Record)[];
  'state'?: (_writ_v1_ExecutionState);
  'ancestors'?: (_writ_v1_AncestorLineage)[];
}

export interface GetLineageResponse__Output {
  'records': (_writ_v1_Record__Output)[];
  'state': (_writ_v1_ExecutionState__Output);
  'ancestors': (_writ_v1_AncestorLineage__Output)[];
}
