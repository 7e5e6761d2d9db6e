// Original file: proto/writ/v1/policy.proto

import type { BundleProblem as _writ_v1_BundleProblem, BundleProblem__Output as _writ_v1_BundleProblem__Output } from '../../writ/v1/BundleProblem.ts';
import type { SecondOpinion as _writ_v1_SecondOpinion, SecondOpinion__Output as _writ_v1_SecondOpinion__Output } from '../../writ/v1/SecondOpinion.ts';

export interface ValidateBundleResponse {
  'valid'?: (boolean);
  'problems'?: (_writ_v1_BundleProblem)[];
  'disagreements'?: (_writ_v1_SecondOpinion)[];
  'digest'?: (Buffer | Uint8Array | string);
  'rule_count'?: (number);
  'confirmed_count'?: (number);
  'outside_count'?: (number);
}

export interface ValidateBundleResponse__Output {
  'valid': (boolean);
  'problems': (_writ_v1_BundleProblem__Output)[];
  'disagreements': (_writ_v1_SecondOpinion__Output)[];
  'digest': (Buffer);
  'rule_count': (number);
  'confirmed_count': (number);
  'outside_count': (number);
}
