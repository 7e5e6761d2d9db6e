// Original file: proto/writ/v1/policy.proto

import type { BundleTestResult as _writ_v1_BundleTestResult, BundleTestResult__Output as _writ_v1_BundleTestResult__Output } from '../../writ/v1/BundleTestResult.ts';

export interface TestBundleResponse {
  'passed'?: (boolean);
  'results'?: (_writ_v1_BundleTestResult)[];
  'uncovered_rules'?: (string)[];
}

export interface TestBundleResponse__Output {
  'passed': (boolean);
  'results': (_writ_v1_BundleTestResult__Output)[];
  'uncovered_rules': (string)[];
}
