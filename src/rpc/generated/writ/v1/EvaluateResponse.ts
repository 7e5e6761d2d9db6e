// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeResponse as _writ_v1_AuthorizeResponse, AuthorizeResponse__Output as _writ_v1_AuthorizeResponse__Output } from '../../writ/v1/AuthorizeResponse.ts';
import type { ExplainedCondition as _writ_v1_ExplainedCondition, ExplainedCondition__Output as _writ_v1_ExplainedCondition__Output } from '../../writ/v1/ExplainedCondition.ts';

export interface EvaluateResponse {
  'response'?: (_writ_v1_AuthorizeResponse | null);
  'rules'?: (_writ_v1_ExplainedCondition)[];
  'signals'?: (_writ_v1_ExplainedCondition)[];
}

export interface EvaluateResponse__Output {
  'response': (_writ_v1_AuthorizeResponse__Output | null);
  'rules': (_writ_v1_ExplainedCondition__Output)[];
  'signals': (_writ_v1_ExplainedCondition__Output)[];
}
