// Original file: proto/writ/v1/authorization.proto

import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface Execution {
  'execution_id'?: (string);
  'state'?: (_writ_v1_ExecutionState);
  'authorized_at'?: (_google_protobuf_Timestamp | null);
  'until'?: (_google_protobuf_Timestamp | null);
  'runtime_id'?: (string);
  'parent_execution_id'?: (string);
}

export interface Execution__Output {
  'execution_id': (string);
  'state': (_writ_v1_ExecutionState__Output);
  'authorized_at': (_google_protobuf_Timestamp__Output | null);
  'until': (_google_protobuf_Timestamp__Output | null);
  'runtime_id': (string);
  'parent_execution_id': (string);
}
