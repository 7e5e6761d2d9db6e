// Original file: proto/writ/v1/policy.proto

import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from '../../writ/v1/Bundle.ts';

export interface ListBundlesResponse {
  'bundles'?: (_writ_v1_Bundle)[];
  'next_page_token'?: (string);
}

export interface ListBundlesResponse__Output {
  'bundles': (_writ_v1_Bundle__Output)[];
  'next_page_token': (string);
}
