// Original file: proto/writ/v1/authorization.proto

import type { Approval as _writ_v1_Approval, Approval__Output as _writ_v1_Approval__Output } from '../../writ/v1/Approval.ts';

export interface ListApprovalsResponse {
  'approvals'?: (_writ_v1_Approval)[];
  'next_page_token'?: (string);
}

export interface ListApprovalsResponse__Output {
  'approvals': (_writ_v1_Approval__Output)[];
  'next_page_token': (string);
}
