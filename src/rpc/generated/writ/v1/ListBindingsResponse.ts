// Original file: proto/writ/v1/admin.proto

import type { Binding as _writ_v1_Binding, Binding__Output as _writ_v1_Binding__Output } from '../../writ/v1/Binding.ts';

export interface ListBindingsResponse {
  'bindings'?: (_writ_v1_Binding)[];
  'next_page_token'?: (string);
}

export interface ListBindingsResponse__Output {
  'bindings': (_writ_v1_Binding__Output)[];
  'next_page_token': (string);
}
