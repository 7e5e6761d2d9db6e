// Original file: proto/writ/v1/policy.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface Budget {
  'name'?: (string);
  'key'?: (string);
  'unit'?: (string);
  'limit_micros'?: (number | string | Long);
  'spent_micros'?: (number | string | Long);
  'reserved_micros'?: (number | string | Long);
  'window_start'?: (_google_protobuf_Timestamp | null);
  'window_end'?: (_google_protobuf_Timestamp | null);
  'version'?: (number | string | Long);
}

export interface Budget__Output {
  'name': (string);
  'key': (string);
  'unit': (string);
  'limit_micros': (string);
  'spent_micros': (string);
  'reserved_micros': (string);
  'window_start': (_google_protobuf_Timestamp__Output | null);
  'window_end': (_google_protobuf_Timestamp__Output | null);
  'version': (string);
}
