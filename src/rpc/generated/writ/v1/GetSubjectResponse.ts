// Original file: proto/writ/v1/admin.proto

import type { Subject as _writ_v1_Subject, Subject__Output as _writ_v1_Subject__Output } from '../../writ/v1/Subject.ts';

export interface GetSubjectResponse {
  'subject'?: (_writ_v1_Subject | null);
}

export interface GetSubjectResponse__Output {
  'subject': (_writ_v1_Subject__Output | null);
}
