// Original file: proto/writ/v1/verifier.proto

import type { RuntimeState as _writ_v1_RuntimeState, RuntimeState__Output as _writ_v1_RuntimeState__Output } from '../../writ/v1/RuntimeState.ts';

export interface SetRuntimeStateRequest {
  'runtime_id'?: (string);
  'state'?: (_writ_v1_RuntimeState);
  'reason'?: (string);
}

export interface SetRuntimeStateRequest__Output {
  'runtime_id': (string);
  'state': (_writ_v1_RuntimeState__Output);
  'reason': (string);
}
