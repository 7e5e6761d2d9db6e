// Original file: proto/writ/v1/authorization.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { Termination as _writ_v1_Termination, Termination__Output as _writ_v1_Termination__Output } from '../../writ/v1/Termination.ts';

export interface CompleteExecutionRequest {
  'execution_id'?: (string);
  'succeeded'?: (boolean);
  'result_digest'?: (Buffer | Uint8Array | string);
  'details'?: (_google_protobuf_Struct | null);
  'exit_status'?: (number);
  'signal'?: (string);
  'duration'?: (_google_protobuf_Duration | null);
  'termination'?: (_writ_v1_Termination | null);
  '_exit_status'?: "exit_status";
}

export interface CompleteExecutionRequest__Output {
  'execution_id': (string);
  'succeeded': (boolean);
  'result_digest': (Buffer);
  'details': (_google_protobuf_Struct__Output | null);
  'exit_status'?: (number);
  'signal': (string);
  'duration': (_google_protobuf_Duration__Output | null);
  'termination': (_writ_v1_Termination__Output | null);
  '_exit_status'?: "exit_status";
}
