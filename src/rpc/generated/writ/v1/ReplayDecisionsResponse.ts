// Original file: proto/writ/v1/policy.proto

import type { ReplayedDecision as _writ_v1_ReplayedDecision, ReplayedDecision__Output as _writ_v1_ReplayedDecision__Output } from '../../writ/v1/ReplayedDecision.ts';
import type { ReplaySummary as _writ_v1_ReplaySummary, ReplaySummary__Output as _writ_v1_ReplaySummary__Output } from '../../writ/v1/ReplaySummary.ts';

export interface ReplayDecisionsResponse {
  'decision'?: (_writ_v1_ReplayedDecision | null);
  'summary'?: (_writ_v1_ReplaySummary | null);
  'item'?: "decision"|"summary";
}

export interface ReplayDecisionsResponse__Output {
  'decision'?: (_writ_v1_ReplayedDecision__Output | null);
  'summary'?: (_writ_v1_ReplaySummary__Output | null);
  'item'?: "decision"|"summary";
}
