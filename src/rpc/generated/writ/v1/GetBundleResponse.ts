// Original file: proto/writ/v1/policy.proto

import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from '../../writ/v1/Bundle.ts';

export interface GetBundleResponse {
  'bundle'?: (_writ_v1_Bundle | null);
  'content'?: (Buffer | Uint8Array | string);
  'envelopes'?: (Buffer | Uint8Array | string)[];
}

export interface GetBundleResponse__Output {
  'bundle': (_writ_v1_Bundle__Output | null);
  'content': (Buffer);
  'envelopes': (Buffer)[];
}
