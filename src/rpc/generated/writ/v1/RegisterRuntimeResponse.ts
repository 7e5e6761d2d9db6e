// Original file: proto/writ/v1/verifier.proto

import type { RuntimeState as _writ_v1_RuntimeState, RuntimeState__Output as _writ_v1_RuntimeState__Output } from '../../writ/v1/RuntimeState.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Appraisal as _writ_v1_Appraisal, Appraisal__Output as _writ_v1_Appraisal__Output } from '../../writ/v1/Appraisal.ts';
import type { Long } from '@grpc/proto-loader';

export interface RegisterRuntimeResponse {
  'lease_id'?: (string);
  'boot_epoch'?: (number | string | Long);
  'state'?: (_writ_v1_RuntimeState);
  'interval'?: (_google_protobuf_Duration | null);
  'lease_expires_at'?: (_google_protobuf_Timestamp | null);
  'next_nonce'?: (Buffer | Uint8Array | string);
  'bundle_digest'?: (Buffer | Uint8Array | string);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'appraisal'?: (_writ_v1_Appraisal)[];
  'lease_left'?: (_google_protobuf_Duration | null);
}

export interface RegisterRuntimeResponse__Output {
  'lease_id': (string);
  'boot_epoch': (string);
  'state': (_writ_v1_RuntimeState__Output);
  'interval': (_google_protobuf_Duration__Output | null);
  'lease_expires_at': (_google_protobuf_Timestamp__Output | null);
  'next_nonce': (Buffer);
  'bundle_digest': (Buffer);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'appraisal': (_writ_v1_Appraisal__Output)[];
  'lease_left': (_google_protobuf_Duration__Output | null);
}
