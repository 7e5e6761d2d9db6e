// Original file: proto/writ/v1/authorization.proto

import type { Execution as _writ_v1_Execution, Execution__Output as _writ_v1_Execution__Output } from '../../writ/v1/Execution.ts';

export interface GetExecutionResponse {
  'execution'?: (_writ_v1_Execution | null);
}

export interface GetExecutionResponse__Output {
  'execution': (_writ_v1_Execution__Output | null);
}
