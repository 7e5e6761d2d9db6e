// Original file: proto/writ/v1/authorization.proto

import type { ExplainedPart as _writ_v1_ExplainedPart, ExplainedPart__Output as _writ_v1_ExplainedPart__Output } from '../../writ/v1/ExplainedPart.ts';

export interface ExplainedCondition {
  'id'?: (string);
  'condition'?: (string);
  'part'?: (_writ_v1_ExplainedPart | null);
}

export interface ExplainedCondition__Output {
  'id': (string);
  'condition': (string);
  'part': (_writ_v1_ExplainedPart__Output | null);
}
