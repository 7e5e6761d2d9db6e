// Original file: proto/writ/v1/verifier.proto

import type { RuntimeState as _writ_v1_RuntimeState, RuntimeState__Output as _writ_v1_RuntimeState__Output } from '../../writ/v1/RuntimeState.ts';

export interface ListRuntimesRequest {
  'page_size'?: (number);
  'page_token'?: (string);
  'state'?: (_writ_v1_RuntimeState);
  'parent_runtime_id'?: (string);
}

export interface ListRuntimesRequest__Output {
  'page_size': (number);
  'page_token': (string);
  'state': (_writ_v1_RuntimeState__Output);
  'parent_runtime_id': (string);
}
