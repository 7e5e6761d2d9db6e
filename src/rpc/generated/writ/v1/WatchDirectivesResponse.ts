// Original file: proto/writ/v1/verifier.proto

import type { Directive as _writ_v1_Directive, Directive__Output as _writ_v1_Directive__Output } from '../../writ/v1/Directive.ts';

export interface WatchDirectivesResponse {
  'directive'?: (_writ_v1_Directive | null);
}

export interface WatchDirectivesResponse__Output {
  'directive': (_writ_v1_Directive__Output | null);
}
