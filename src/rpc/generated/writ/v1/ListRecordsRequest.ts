// Original file: proto/writ/v1/lineage.proto

import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';
import type { Long } from '@grpc/proto-loader';

export interface ListRecordsRequest {
  'log'?: (string);
  'start_index'?: (number | string | Long);
  'page_size'?: (number);
  'kind'?: (string);
  'subject'?: (_writ_v1_Entity | null);
  'resource'?: (_writ_v1_Entity | null);
  'action'?: (string);
}

export interface ListRecordsRequest__Output {
  'log': (string);
  'start_index': (string);
  'page_size': (number);
  'kind': (string);
  'subject': (_writ_v1_Entity__Output | null);
  'resource': (_writ_v1_Entity__Output | null);
  'action': (string);
}
