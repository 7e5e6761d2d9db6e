// Original file: proto/writ/v1/authorization.proto

import type { AuthorizeRequest as _writ_v1_AuthorizeRequest, AuthorizeRequest__Output as _writ_v1_AuthorizeRequest__Output } from '../../writ/v1/AuthorizeRequest.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface Approval {
  'approval_id'?: (string);
  'request'?: (_writ_v1_AuthorizeRequest | null);
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'approvals_given'?: (number);
  'approvals_needed'?: (number);
  'requested_at'?: (_google_protobuf_Timestamp | null);
  'requested_by'?: (string);
  'rules'?: (string)[];
}

export interface Approval__Output {
  'approval_id': (string);
  'request': (_writ_v1_AuthorizeRequest__Output | null);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'approvals_given': (number);
  'approvals_needed': (number);
  'requested_at': (_google_protobuf_Timestamp__Output | null);
  'requested_by': (string);
  'rules': (string)[];
}
