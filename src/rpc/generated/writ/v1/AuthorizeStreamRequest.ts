// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeRequest as _writ_v1_AuthorizeRequest, AuthorizeRequest__Output as _writ_v1_AuthorizeRequest__Output } from '../../writ/v1/AuthorizeRequest.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { Long } from '@grpc/proto-loader';

export interface AuthorizeStreamRequest {
  'sequence'?: (number | string | Long);
  'request'?: (_writ_v1_AuthorizeRequest | null);
  'timeout'?: (_google_protobuf_Duration | null);
}

export interface AuthorizeStreamRequest__Output {
  'sequence': (string);
  'request': (_writ_v1_AuthorizeRequest__Output | null);
  'timeout': (_google_protobuf_Duration__Output | null);
}
