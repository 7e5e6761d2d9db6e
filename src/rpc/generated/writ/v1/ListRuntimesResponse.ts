// Original file: proto/writ/v1/verifier.proto

import type { Runtime as _writ_v1_Runtime, Runtime__Output as _writ_v1_Runtime__Output } from '../../writ/v1/Runtime.ts';

export interface ListRuntimesResponse {
  'runtimes'?: (_writ_v1_Runtime)[];
  'next_page_token'?: (string);
}

export interface ListRuntimesResponse__Output {
  'runtimes': (_writ_v1_Runtime__Output)[];
  'next_page_token': (string);
}
