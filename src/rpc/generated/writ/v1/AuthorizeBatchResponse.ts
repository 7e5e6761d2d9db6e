// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeBatchResult as _writ_v1_AuthorizeBatchResult, AuthorizeBatchResult__Output as _writ_v1_AuthorizeBatchResult__Output } from '../../writ/v1/AuthorizeBatchResult.ts';

export interface AuthorizeBatchResponse {
  'results'?: (_writ_v1_AuthorizeBatchResult)[];
}

export interface AuthorizeBatchResponse__Output {
  'results': (_writ_v1_AuthorizeBatchResult__Output)[];
}
