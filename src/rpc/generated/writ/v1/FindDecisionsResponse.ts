// Original file: proto/writ/v1/lineage.proto

import type { FoundDecision as _writ_v1_FoundDecision, FoundDecision__Output as _writ_v1_FoundDecision__Output } from '../../writ/v1/FoundDecision.ts';

export interface FindDecisionsResponse {
  'decisions'?: (_writ_v1_FoundDecision)[];
  'next_page_token'?: (string);
}

export interface FindDecisionsResponse__Output {
  'decisions': (_writ_v1_FoundDecision__Output)[];
  'next_page_token': (string);
}
