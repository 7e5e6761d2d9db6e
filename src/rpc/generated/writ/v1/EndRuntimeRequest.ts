// Original file: proto/writ/v1/verifier.proto

import type { Counters as _writ_v1_Counters, Counters__Output as _writ_v1_Counters__Output } from '../../writ/v1/Counters.ts';
import type { Long } from '@grpc/proto-loader';

export interface EndRuntimeRequest {
  'runtime_id'?: (string);
  'lease_id'?: (string);
  'sequence'?: (number | string | Long);
  'counters'?: (_writ_v1_Counters | null);
  'proof'?: (Buffer | Uint8Array | string);
}

export interface EndRuntimeRequest__Output {
  'runtime_id': (string);
  'lease_id': (string);
  'sequence': (string);
  'counters': (_writ_v1_Counters__Output | null);
  'proof': (Buffer);
}
