// Original file: proto/writ/v1/verifier.proto

import type { HeartbeatRequest as _writ_v1_HeartbeatRequest, HeartbeatRequest__Output as _writ_v1_HeartbeatRequest__Output } from '../../writ/v1/HeartbeatRequest.ts';
import type { Long } from '@grpc/proto-loader';

export interface HeartbeatStreamRequest {
  'sequence'?: (number | string | Long);
  'beat'?: (_writ_v1_HeartbeatRequest | null);
}

export interface HeartbeatStreamRequest__Output {
  'sequence': (string);
  'beat': (_writ_v1_HeartbeatRequest__Output | null);
}
