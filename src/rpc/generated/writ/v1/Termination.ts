// Original file: proto/writ/v1/authorization.proto

import type { TerminationCause as _writ_v1_TerminationCause, TerminationCause__Output as _writ_v1_TerminationCause__Output } from '../../writ/v1/TerminationCause.ts';
import type { Long } from '@grpc/proto-loader';

export interface Termination {
  'cause'?: (_writ_v1_TerminationCause);
  'directive_number'?: (number | string | Long);
}

export interface Termination__Output {
  'cause': (_writ_v1_TerminationCause__Output);
  'directive_number': (string);
}
