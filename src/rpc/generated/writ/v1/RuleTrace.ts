// Original file: proto/writ/v1/authorization.proto


export interface RuleTrace {
  'rule'?: (string);
  'effect'?: (string);
  'outcome'?: (string);
  'detail'?: (string);
}

export interface RuleTrace__Output {
  'rule': (string);
  'effect': (string);
  'outcome': (string);
  'detail': (string);
}
