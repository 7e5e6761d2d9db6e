// Original file: proto/writ/v1/policy.proto

import type { Decision as _writ_v1_Decision, Decision__Output as _writ_v1_Decision__Output } from '../../writ/v1/Decision.ts';
import type { Long } from '@grpc/proto-loader';

export interface ShadowChange {
  'from'?: (_writ_v1_Decision);
  'to'?: (_writ_v1_Decision);
  'rule'?: (string);
  'reason'?: (string);
  'differences'?: (string)[];
  'count'?: (number | string | Long);
  'execution_ids'?: (string)[];
}

export interface ShadowChange__Output {
  'from': (_writ_v1_Decision__Output);
  'to': (_writ_v1_Decision__Output);
  'rule': (string);
  'reason': (string);
  'differences': (string)[];
  'count': (string);
  'execution_ids': (string)[];
}
