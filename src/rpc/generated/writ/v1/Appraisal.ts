// Original file: proto/writ/v1/verifier.proto

import type { TrustTier as _writ_v1_TrustTier, TrustTier__Output as _writ_v1_TrustTier__Output } from '../../writ/v1/TrustTier.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from '../../writ/v1/Reason.ts';

export interface Appraisal {
  'claim'?: (string);
  'tier'?: (_writ_v1_TrustTier);
  'reasons'?: (_writ_v1_Reason)[];
}

export interface Appraisal__Output {
  'claim': (string);
  'tier': (_writ_v1_TrustTier__Output);
  'reasons': (_writ_v1_Reason__Output)[];
}
