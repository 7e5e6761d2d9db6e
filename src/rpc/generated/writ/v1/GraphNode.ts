// Original file: proto/writ/v1/lineage.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { ExecutionState as _writ_v1_ExecutionState, ExecutionState__Output as _writ_v1_ExecutionState__Output } from '../../writ/v1/ExecutionState.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from '../../writ/v1/Entity.ts';
import type { Long } from '@grpc/proto-loader';

export interface GraphNode {
  'id'?: (string);
  'kind'?: (string);
  'execution_id'?: (string);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'body'?: (Buffer | Uint8Array | string);
  'state'?: (_writ_v1_ExecutionState);
  'marks'?: (string)[];
  'subject'?: (_writ_v1_Entity | null);
  'action'?: (string);
  'resource'?: (_writ_v1_Entity | null);
  'beat_count'?: (number);
  'first_sequence'?: (number | string | Long);
  'last_sequence'?: (number | string | Long);
}

export interface GraphNode__Output {
  'id': (string);
  'kind': (string);
  'execution_id': (string);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'body': (Buffer);
  'state': (_writ_v1_ExecutionState__Output);
  'marks': (string)[];
  'subject': (_writ_v1_Entity__Output | null);
  'action': (string);
  'resource': (_writ_v1_Entity__Output | null);
  'beat_count': (number);
  'first_sequence': (string);
  'last_sequence': (string);
}
