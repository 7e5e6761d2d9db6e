// Original file: proto/writ/v1/common.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.ts';

export interface Obligation {
  'id'?: (string);
  'type'?: (string);
  'properties'?: (_google_protobuf_Struct | null);
}

export interface Obligation__Output {
  'id': (string);
  'type': (string);
  'properties': (_google_protobuf_Struct__Output | null);
}
