// Original file: proto/writ/v1/lineage.proto

import type { VerificationStep as _writ_v1_VerificationStep, VerificationStep__Output as _writ_v1_VerificationStep__Output } from '../../writ/v1/VerificationStep.ts';
import type { Long } from '@grpc/proto-loader';

export interface VerifyLineageResponse {
  'valid'?: (boolean);
  'reason'?: (string);
  'steps'?: (_writ_v1_VerificationStep)[];
  'failed_step'?: (string);
  'failed_index'?: (number | string | Long);
  'checkpoint'?: (string);
  'confirmed_count'?: (number);
  'outside_count'?: (number);
  '_failed_index'?: "failed_index";
}

export interface VerifyLineageResponse__Output {
  'valid': (boolean);
  'reason': (string);
  'steps': (_writ_v1_VerificationStep__Output)[];
  'failed_step': (string);
  'failed_index'?: (string);
  'checkpoint': (string);
  'confirmed_count': (number);
  'outside_count': (number);
  '_failed_index'?: "failed_index";
}
