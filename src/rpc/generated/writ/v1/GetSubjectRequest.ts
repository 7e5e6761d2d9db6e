// Original file: proto/writ/v1/admin.proto

import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';

export interface GetSubjectRequest {
  'subject'?: (_writ_v1_Entity | null);
}

export interface GetSubjectRequest__Output {
  'subject': (_writ_v1_Entity__Output | null);
}
