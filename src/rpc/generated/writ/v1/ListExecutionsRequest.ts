// Original file: proto/writ/v1/authorization.proto

import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';

export interface ListExecutionsRequest {
  'page_size'?: (number);
  'page_token'?: (string);
  'state'?: (_writ_v1_ExecutionState);
}

export interface ListExecutionsRequest__Output {
  'page_size': (number);
  'page_token': (string);
  'state': (_writ_v1_ExecutionState__Output);
}
