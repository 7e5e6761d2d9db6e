// Original file: proto/writ/v1/authorization.proto

import type { ExplainedPart as _writ_v1_ExplainedPart, ExplainedPart__Output as _writ_v1_ExplainedPart__Output } from '../../writ/v1/ExplainedPart.ts';

export interface ExplainedPart {
  'text'?: (string);
  'name'?: (string);
  'values'?: (string)[];
  'evaluation_count'?: (number);
  'parts'?: (_writ_v1_ExplainedPart)[];
}

export interface ExplainedPart__Output {
  'text': (string);
  'name': (string);
  'values': (string)[];
  'evaluation_count': (number);
  'parts': (_writ_v1_ExplainedPart__Output)[];
}
