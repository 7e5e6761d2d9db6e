// Original file: proto/writ/v1/verifier.proto

import type { Runtime as _writ_v1_Runtime, Runtime__Output as _writ_v1_Runtime__Output } from '../../writ/v1/Runtime.ts';

export interface GetRuntimeResponse {
  'runtime'?: (_writ_v1_Runtime | null);
}

export interface GetRuntimeResponse__Output {
  'runtime': (_writ_v1_Runtime__Output | null);
}
