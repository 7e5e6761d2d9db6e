// Original file: proto/writ/v1/policy.proto

import type { Budget as _writ_v1_Budget, Budget__Output as _writ_v1_Budget__Output } from '../../writ/v1/Budget.ts';

export interface GetBudgetResponse {
  'budget'?: (_writ_v1_Budget | null);
}

export interface GetBudgetResponse__Output {
  'budget': (_writ_v1_Budget__Output | null);
}
