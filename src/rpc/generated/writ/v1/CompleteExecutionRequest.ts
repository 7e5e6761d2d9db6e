// Original file: proto/writ/v1/authorization.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';

export interface CompleteExecutionRequest {
  'execution_id'?: (string);
  'succeeded'?: (boolean);
  'result_digest'?: (Buffer | Uint8Array | string);
  'details'?: (_google_protobuf_Struct | null);
}

export interface CompleteExecutionRequest__Output {
  'execution_id': (string);
  'succeeded': (boolean);
  'result_digest': (Buffer);
  'details': (_google_protobuf_Struct__Output | null);
}
