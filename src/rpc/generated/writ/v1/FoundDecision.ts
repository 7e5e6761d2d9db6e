// Original file: proto/writ/v1/lineage.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Decision as _writ_v1_Decision, Decision__Output as _writ_v1_Decision__Output } from '../../writ/v1/Decision.ts';
import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';

export interface FoundDecision {
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'time'?: (_google_protobuf_Timestamp | null);
  'execution_id'?: (string);
  'decision'?: (_writ_v1_Decision);
  'state'?: (_writ_v1_ExecutionState);
  'subject'?: (_writ_v1_Entity | null);
  'action'?: (string);
  'resource'?: (_writ_v1_Entity | null);
  'runtime_id'?: (string);
  'payload_erased'?: (boolean);
}

export interface FoundDecision__Output {
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'time': (_google_protobuf_Timestamp__Output | null);
  'execution_id': (string);
  'decision': (_writ_v1_Decision__Output);
  'state': (_writ_v1_ExecutionState__Output);
  'subject': (_writ_v1_Entity__Output | null);
  'action': (string);
  'resource': (_writ_v1_Entity__Output | null);
  'runtime_id': (string);
  'payload_erased': (boolean);
}
