// Original file: proto/writ/v1/admin.proto

import type { CallerKey as _writ_v1_CallerKey, CallerKey__Output as _writ_v1_CallerKey__Output } from '../../writ/v1/CallerKey.ts';

export interface ListCallerKeysResponse {
  'caller_keys'?: (_writ_v1_CallerKey)[];
}

export interface ListCallerKeysResponse__Output {
  'caller_keys': (_writ_v1_CallerKey__Output)[];
}
