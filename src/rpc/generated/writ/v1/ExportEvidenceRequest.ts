// Original file: proto/writ/v1/lineage.proto

import type { Long } from '@grpc/proto-loader';

export interface ExportEvidenceRequest {
  'execution_id'?: (string);
  'checkpoint_size'?: (number | string | Long);
}

export interface ExportEvidenceRequest__Output {
  'execution_id': (string);
  'checkpoint_size': (string);
}
