// Original file: proto/writ/v1/verifier.proto

import type { ReferenceValues as _writ_v1_ReferenceValues, ReferenceValues__Output as _writ_v1_ReferenceValues__Output } from '../../writ/v1/ReferenceValues.ts';

export interface PutReferenceValuesRequest {
  'reference_values'?: (_writ_v1_ReferenceValues | null);
  'envelope'?: (Buffer | Uint8Array | string);
}

export interface PutReferenceValuesRequest__Output {
  'reference_values': (_writ_v1_ReferenceValues__Output | null);
  'envelope': (Buffer);
}
