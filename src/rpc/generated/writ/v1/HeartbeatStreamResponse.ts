// Original file: proto/writ/v1/verifier.proto

import type { HeartbeatResponse as _writ_v1_HeartbeatResponse, HeartbeatResponse__Output as _writ_v1_HeartbeatResponse__Output } from '../../writ/v1/HeartbeatResponse.ts';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from '../../google/rpc/Status.ts';
import type { Long } from '@grpc/proto-loader';

export interface HeartbeatStreamResponse {
  'sequence'?: (number | string | Long);
  'response'?: (_writ_v1_HeartbeatResponse | null);
  'status'?: (_google_rpc_Status | null);
  'result'?: "response"|"status";
}

export interface HeartbeatStreamResponse__Output {
  'sequence': (string);
  'response'?: (_writ_v1_HeartbeatResponse__Output | null);
  'status'?: (_google_rpc_Status__Output | null);
  'result'?: "response"|"status";
}
