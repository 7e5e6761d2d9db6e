// Original file: proto/writ/v1/common.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';

export interface Entity {
  'type'?: (string);
  'id'?: (string);
  'properties'?: (_google_protobuf_Struct | null);
}

export interface Entity__Output {
  'type': (string);
  'id': (string);
  'properties': (_google_protobuf_Struct__Output | null);
}
