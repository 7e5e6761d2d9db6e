// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeRequest as _writ_v1_AuthorizeRequest, AuthorizeRequest__Output as _writ_v1_AuthorizeRequest__Output } from '../../writ/v1/AuthorizeRequest.ts';

export interface EvaluateRequest {
  'request'?: (_writ_v1_AuthorizeRequest | null);
  'bundle_digest'?: (Buffer | Uint8Array | string);
}

export interface EvaluateRequest__Output {
  'request': (_writ_v1_AuthorizeRequest__Output | null);
  'bundle_digest': (Buffer);
}
