// Original file: proto/writ/v1/authorization.proto

import type { Execution as _writ_v1_Execution, Execution__Output as _writ_v1_Execution__Output } from '../../writ/v1/Execution.ts';

export interface ListExecutionsResponse {
  'executions'?: (_writ_v1_Execution)[];
  'next_page_token'?: (string);
}

export interface ListExecutionsResponse__Output {
  'executions': (_writ_v1_Execution__Output)[];
  'next_page_token': (string);
}
