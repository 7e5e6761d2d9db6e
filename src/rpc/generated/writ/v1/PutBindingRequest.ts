// Original file: proto/writ/v1/admin.proto

import type { Binding as _writ_v1_Binding, Binding__Output as _writ_v1_Binding__Output } from '../../writ/v1/Binding.ts';

export interface PutBindingRequest {
  'binding'?: (_writ_v1_Binding | null);
}

export interface PutBindingRequest__Output {
  'binding': (_writ_v1_Binding__Output | null);
}
