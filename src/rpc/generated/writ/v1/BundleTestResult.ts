// Original file: proto/writ/v1/policy.proto

import type { BundleProblem as _writ_v1_BundleProblem, BundleProblem__Output as _writ_v1_BundleProblem__Output } from '../../writ/v1/BundleProblem.ts';

export interface BundleTestResult {
  'name'?: (string);
  'passed'?: (boolean);
  'detail'?: (string);
  'at'?: (_writ_v1_BundleProblem | null);
}

export interface BundleTestResult__Output {
  'name': (string);
  'passed': (boolean);
  'detail': (string);
  'at': (_writ_v1_BundleProblem__Output | null);
}
