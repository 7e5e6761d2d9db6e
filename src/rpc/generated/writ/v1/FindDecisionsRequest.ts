// Original file: proto/writ/v1/lineage.proto

import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface FindDecisionsRequest {
  'subject'?: (_writ_v1_Entity | null);
  'action'?: (string);
  'resource'?: (_writ_v1_Entity | null);
  'runtime_id'?: (string);
  'since'?: (_google_protobuf_Timestamp | null);
  'until'?: (_google_protobuf_Timestamp | null);
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface FindDecisionsRequest__Output {
  'subject': (_writ_v1_Entity__Output | null);
  'action': (string);
  'resource': (_writ_v1_Entity__Output | null);
  'runtime_id': (string);
  'since': (_google_protobuf_Timestamp__Output | null);
  'until': (_google_protobuf_Timestamp__Output | null);
  'page_size': (number);
  'page_token': (string);
}
