// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeRequest as _writ_v1_AuthorizeRequest, AuthorizeRequest__Output as _writ_v1_AuthorizeRequest__Output } from '../../writ/v1/AuthorizeRequest.ts';

export interface AuthorizeBatchRequest {
  'requests'?: (_writ_v1_AuthorizeRequest)[];
}

export interface AuthorizeBatchRequest__Output {
  'requests': (_writ_v1_AuthorizeRequest__Output)[];
}
