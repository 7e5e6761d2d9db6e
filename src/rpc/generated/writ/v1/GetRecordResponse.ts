// Original file: proto/writ/v1/lineage.proto

import type { Record as _writ_v1_Record, Record__Output as _writ_v1_Record__Output } from '../../writ/v1/Record.ts';

export interface GetRecordResponse {
  'record'?: (_writ_v1_Record | null);
}

export interface GetRecordResponse__Output {
  'record': (_writ_v1_Record__Output | null);
}
