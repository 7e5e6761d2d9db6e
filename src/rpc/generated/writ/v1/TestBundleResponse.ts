// Original file: proto/writ/v1/policy.proto

import type { BundleTestResult as _writ_v1_BundleTestResult, BundleTestResult__Output as _writ_v1_BundleTestResult__Output } from '../../writ/v1/BundleTestResult.ts';
import type { BundleProblem as _writ_v1_BundleProblem, BundleProblem__Output as _writ_v1_BundleProblem__Output } from '../../writ/v1/BundleProblem.ts';

export interface TestBundleResponse {
  'passed'?: (boolean);
  'results'?: (_writ_v1_BundleTestResult)[];
  'uncovered_rules'?: (string)[];
  'problems'?: (_writ_v1_BundleProblem)[];
  'rule_percent'?: (number);
  'condition_percent'?: (number);
}

export interface TestBundleResponse__Output {
  'passed': (boolean);
  'results': (_writ_v1_BundleTestResult__Output)[];
  'uncovered_rules': (string)[];
  'problems': (_writ_v1_BundleProblem__Output)[];
  'rule_percent': (number);
  'condition_percent': (number);
}
