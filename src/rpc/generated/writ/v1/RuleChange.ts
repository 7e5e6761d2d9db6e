// Original file: proto/writ/v1/policy.proto

import type { Decision as _writ_v1_Decision, Decision__Output as _writ_v1_Decision__Output } from '../../writ/v1/Decision.ts';
import type { Long } from '@grpc/proto-loader';

export interface RuleChange {
  'from'?: (_writ_v1_Decision);
  'to'?: (_writ_v1_Decision);
  'rule'?: (string);
  'reason'?: (string);
  'count'?: (number | string | Long);
  'subjects'?: (string)[];
  'actions'?: (string)[];
  'resources'?: (string)[];
  'execution_ids'?: (string)[];
}

export interface RuleChange__Output {
  'from': (_writ_v1_Decision__Output);
  'to': (_writ_v1_Decision__Output);
  'rule': (string);
  'reason': (string);
  'count': (string);
  'subjects': (string)[];
  'actions': (string)[];
  'resources': (string)[];
  'execution_ids': (string)[];
}
