// Original file: proto/writ/v1/verifier.proto

import type { ReferenceValues as _writ_v1_ReferenceValues, ReferenceValues__Output as _writ_v1_ReferenceValues__Output } from '../../writ/v1/ReferenceValues.ts';

export interface ListReferenceValuesResponse {
  'reference_values'?: (_writ_v1_ReferenceValues)[];
  'next_page_token'?: (string);
}

export interface ListReferenceValuesResponse__Output {
  'reference_values': (_writ_v1_ReferenceValues__Output)[];
  'next_page_token': (string);
}
