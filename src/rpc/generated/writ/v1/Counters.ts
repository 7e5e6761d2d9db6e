// Original file: proto/writ/v1/verifier.proto

import type { Long } from '@grpc/proto-loader';

export interface Counters {
  'authorize_requests'?: (number | string | Long);
  'tokens_received'?: (number | string | Long);
  'executions_started'?: (number | string | Long);
  'executions_completed'?: (number | string | Long);
  'executions_failed'?: (number | string | Long);
  'denied'?: (number | string | Long);
  'bytes_out'?: (number | string | Long);
  'children'?: (number | string | Long);
  'spent_micros'?: (number | string | Long);
  'distinct_targets'?: (number | string | Long);
}

export interface Counters__Output {
  'authorize_requests': (string);
  'tokens_received': (string);
  'executions_started': (string);
  'executions_completed': (string);
  'executions_failed': (string);
  'denied': (string);
  'bytes_out': (string);
  'children': (string);
  'spent_micros': (string);
  'distinct_targets': (string);
}
