// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeResponse as _writ_v1_AuthorizeResponse, AuthorizeResponse__Output as _writ_v1_AuthorizeResponse__Output } from '../../writ/v1/AuthorizeResponse.ts';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../google/rpc/Status.ts';

export interface AuthorizeBatchResult {
  'response'?: (_writ_v1_AuthorizeResponse | null);
  'status'?: (_google_rpc_Status | null);
  'result'?: "response"|"status";
}

export interface AuthorizeBatchResult__Output {
  'response'?: (_writ_v1_AuthorizeResponse__Output | null);
  'status'?: (_google_rpc_Status__Output | null);
  'result'?: "response"|"status";
}
