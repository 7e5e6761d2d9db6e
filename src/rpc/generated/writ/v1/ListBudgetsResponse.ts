// Original file: proto/writ/v1/policy.proto

import type { Budget as _writ_v1_Budget, Budget__Output as _writ_v1_Budget__Output } from '../../writ/v1/Budget.ts';

export interface ListBudgetsResponse {
  'budgets'?: (_writ_v1_Budget)[];
  'next_page_token'?: (string);
}

export interface ListBudgetsResponse__Output {
  'budgets': (_writ_v1_Budget__Output)[];
  'next_page_token': (string);
}
