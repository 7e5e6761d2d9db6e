// Original file: proto/writ/v1/policy.proto


export interface SecondOpinion {
  'rule'?: (string);
  'input'?: (string);
  'engine_value'?: (string);
  'second_value'?: (string);
}

export interface SecondOpinion__Output {
  'rule': (string);
  'input': (string);
  'engine_value': (string);
  'second_value': (string);
}
