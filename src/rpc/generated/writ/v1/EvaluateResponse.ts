// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeResponse as _writ_v1_AuthorizeResponse, AuthorizeResponse__Output as _writ_v1_AuthorizeResponse__Output } from '../../writ/v1/AuthorizeResponse.ts';

export interface EvaluateResponse {
  'response'?: (_writ_v1_AuthorizeResponse | null);
}

export interface EvaluateResponse__Output {
  'response': (_writ_v1_AuthorizeResponse__Output | null);
}
