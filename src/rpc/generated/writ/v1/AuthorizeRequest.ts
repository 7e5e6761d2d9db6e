// Original file: proto/writ/v1/authorization.proto

import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';
import type { Action as _writ_v1_Action, Action__Output as _writ_v1_Action__Output } from '../../writ/v1/Action.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';

export interface AuthorizeRequest {
  'request_id'?: (string);
  'subject'?: (_writ_v1_Entity | null);
  'action'?: (_writ_v1_Action | null);
  'resource'?: (_writ_v1_Entity | null);
  'context'?: (_google_protobuf_Struct | null);
  'parameters'?: (Buffer | Uint8Array | string);
  'parameters_digest'?: (Buffer | Uint8Array | string);
  'parameters_content_type'?: (string);
  'audience'?: (string);
  'runtime_id'?: (string);
  'parent_execution_id'?: (string);
  'parent_proof'?: (string);
  'requested_ttl'?: (_google_protobuf_Duration | null);
  'approval_id'?: (string);
  'supported_obligations'?: (string)[];
  'explain'?: (boolean);
  'parameters_form'?: "parameters"|"parameters_digest";
}

export interface AuthorizeRequest__Output {
  'request_id': (string);
  'subject': (_writ_v1_Entity__Output | null);
  'action': (_writ_v1_Action__Output | null);
  'resource': (_writ_v1_Entity__Output | null);
  'context': (_google_protobuf_Struct__Output | null);
  'parameters'?: (Buffer);
  'parameters_digest'?: (Buffer);
  'parameters_content_type': (string);
  'audience': (string);
  'runtime_id': (string);
  'parent_execution_id': (string);
  'parent_proof': (string);
  'requested_ttl': (_google_protobuf_Duration__Output | null);
  'approval_id': (string);
  'supported_obligations': (string)[];
  'explain': (boolean);
  'parameters_form'?: "parameters"|"parameters_digest";
}
