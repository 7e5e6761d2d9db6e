// Original file: proto/writ/v1/policy.proto

import type { RuleChange as _writ_v1_RuleChange, RuleChange__Output as _writ_v1_RuleChange__Output } from '../../writ/v1/RuleChange.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReplaySummary {
  'same_count'?: (number | string | Long);
  'different_count'?: (number | string | Long);
  'not_replayable_count'?: (number | string | Long);
  'next_index'?: (number | string | Long);
  'notes'?: (string)[];
  'changes'?: (_writ_v1_RuleChange)[];
  'complete'?: (boolean);
  'confirmed_count'?: (number | string | Long);
  'outside_count'?: (number | string | Long);
  'disagreeing_count'?: (number | string | Long);
}

export interface ReplaySummary__Output {
  'same_count': (string);
  'different_count': (string);
  'not_replayable_count': (string);
  'next_index': (string);
  'notes': (string)[];
  'changes': (_writ_v1_RuleChange__Output)[];
  'complete': (boolean);
  'confirmed_count': (string);
  'outside_count': (string);
  'disagreeing_count': (string);
}
