// Original file: proto/writ/v1/policy.proto

import type { Long } from '@grpc/proto-loader';

export interface ShadowCounts {
  'same'?: (number | string | Long);
  'newly_denied'?: (number | string | Long);
  'newly_allowed'?: (number | string | Long);
  'newly_held'?: (number | string | Long);
  'otherwise'?: (number | string | Long);
  'not_comparable'?: (number | string | Long);
  'errored'?: (number | string | Long);
  'dropped'?: (number | string | Long);
}

export interface ShadowCounts__Output {
  'same': (string);
  'newly_denied': (string);
  'newly_allowed': (string);
  'newly_held': (string);
  'otherwise': (string);
  'not_comparable': (string);
  'errored': (string);
  'dropped': (string);
}
