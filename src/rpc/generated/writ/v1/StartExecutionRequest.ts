// Original file: proto/writ/v1/authorization.proto

import type { Isolation as _writ_v1_Isolation, Isolation__Output as _writ_v1_Isolation__Output } from '../../writ/v1/Isolation.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';

export interface StartExecutionRequest {
  'execution_id'?: (string);
  'code_digest'?: (Buffer | Uint8Array | string);
  'isolation'?: (_writ_v1_Isolation);
  'not_guaranteed'?: (string)[];
  'details'?: (_google_protobuf_Struct | null);
  'parameters_digest'?: (Buffer | Uint8Array | string);
}

export interface StartExecutionRequest__Output {
  'execution_id': (string);
  'code_digest': (Buffer);
  'isolation': (_writ_v1_Isolation__Output);
  'not_guaranteed': (string)[];
  'details': (_google_protobuf_Struct__Output | null);
  'parameters_digest': (Buffer);
}
