// Original file: proto/writ/v1/lineage.proto

import type { FoundDecision as _writ_v1_FoundDecision, FoundDecision__Output as _writ_v1_FoundDecision__Output } from '../../writ/v1/FoundDecision.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface FindDecisionsResponse {
  'decisions'?: (_writ_v1_FoundDecision)[];
  'next_page_token'?: (string);
  'unreadable'?: (_writ_v1_LedgerReceipt)[];
}

export interface FindDecisionsResponse__Output {
  'decisions': (_writ_v1_FoundDecision__Output)[];
  'next_page_token': (string);
  'unreadable': (_writ_v1_LedgerReceipt__Output)[];
}
