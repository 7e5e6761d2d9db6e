// Original file: proto/writ/v1/common.proto

import type { CheckStatus as _writ_v1_CheckStatus, CheckStatus__Output as _writ_v1_CheckStatus__Output } from '../../writ/v1/CheckStatus.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';

export interface Check {
  'name'?: (string);
  'status'?: (_writ_v1_CheckStatus);
  'reasons'?: (_writ_v1_Reason)[];
}

export interface Check__Output {
  'name': (string);
  'status': (_writ_v1_CheckStatus__Output);
  'reasons': (_writ_v1_Reason__Output)[];
}
