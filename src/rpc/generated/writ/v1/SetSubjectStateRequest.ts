// Original file: proto/writ/v1/admin.proto

import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';

export interface SetSubjectStateRequest {
  'subject'?: (_writ_v1_Entity | null);
  'state'?: (string);
  'reason'?: (string);
}

export interface SetSubjectStateRequest__Output {
  'subject': (_writ_v1_Entity__Output | null);
  'state': (string);
  'reason': (string);
}
