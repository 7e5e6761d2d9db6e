// Original file: proto/writ/v1/lineage.proto

import type { Record as _writ_v1_Record, Record__Output as _writ_v1_Record__Output } from '../../writ/v1/Record.ts';

export interface GetBeatsResponse {
  'record'?: (_writ_v1_Record | null);
  'segment'?: (Buffer | Uint8Array | string);
}

export interface GetBeatsResponse__Output {
  'record': (_writ_v1_Record__Output | null);
  'segment': (Buffer);
}
