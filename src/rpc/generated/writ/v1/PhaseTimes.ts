// Original file: proto/writ/v1/authorization.proto


export interface PhaseTimes {
  'evaluate_us'?: (number);
  'append_us'?: (number);
  'sign_us'?: (number);
}

export interface PhaseTimes__Output {
  'evaluate_us': (number);
  'append_us': (number);
  'sign_us': (number);
}
