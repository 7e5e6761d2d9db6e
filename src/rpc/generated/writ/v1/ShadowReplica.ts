// Original file: proto/writ/v1/policy.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { ShadowCounts as _writ_v1_ShadowCounts, ShadowCounts__Output as _writ_v1_ShadowCounts__Output } from '../../writ/v1/ShadowCounts.ts';
import type { ShadowChange as _writ_v1_ShadowChange, ShadowChange__Output as _writ_v1_ShadowChange__Output } from '../../writ/v1/ShadowChange.ts';

export interface ShadowReplica {
  'log'?: (string);
  'state'?: (string);
  'problem'?: (string);
  'since'?: (_google_protobuf_Timestamp | null);
  'seen_at'?: (_google_protobuf_Timestamp | null);
  'counts'?: (_writ_v1_ShadowCounts | null);
  'changes'?: (_writ_v1_ShadowChange)[];
}

export interface ShadowReplica__Output {
  'log': (string);
  'state': (string);
  'problem': (string);
  'since': (_google_protobuf_Timestamp__Output | null);
  'seen_at': (_google_protobuf_Timestamp__Output | null);
  'counts': (_writ_v1_ShadowCounts__Output | null);
  'changes': (_writ_v1_ShadowChange__Output)[];
}
