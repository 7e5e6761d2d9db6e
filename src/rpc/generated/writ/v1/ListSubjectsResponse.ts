// Original file: proto/writ/v1/admin.proto

import type { Subject as _writ_v1_Subject, Subject__Output as _writ_v1_Subject__Output } from '../../writ/v1/Subject.ts';

export interface ListSubjectsResponse {
  'subjects'?: (_writ_v1_Subject)[];
  'next_page_token'?: (string);
}

export interface ListSubjectsResponse__Output {
  'subjects': (_writ_v1_Subject__Output)[];
  'next_page_token': (string);
}
