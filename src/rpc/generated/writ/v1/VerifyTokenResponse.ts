// Original file: proto/writ/v1/authorization.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';

export interface VerifyTokenResponse {
  'valid'?: (boolean);
  'reason'?: (string);
  'sufficient'?: (boolean);
  'claims'?: (_google_protobuf_Struct | null);
  'state'?: (_writ_v1_ExecutionState);
}

export interface VerifyTokenResponse__Output {
  'valid': (boolean);
  'reason': (string);
  'sufficient': (boolean);
  'claims': (_google_protobuf_Struct__Output | null);
  'state': (_writ_v1_ExecutionState__Output);
}
