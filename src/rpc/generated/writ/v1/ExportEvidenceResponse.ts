// Original file: proto/writ/v1/lineage.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface ExportEvidenceResponse {
  'evidence'?: (Buffer | Uint8Array | string);
  'checkpoint_time'?: (_google_protobuf_Timestamp | null);
}

export interface ExportEvidenceResponse__Output {
  'evidence': (Buffer);
  'checkpoint_time': (_google_protobuf_Timestamp__Output | null);
}
