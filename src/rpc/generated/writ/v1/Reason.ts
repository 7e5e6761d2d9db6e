// Original file: proto/writ/v1/common.proto


export interface Reason {
  'code'?: (string);
  'text'?: (string);
  'rule'?: (string);
  'pointer'?: (string);
}

export interface Reason__Output {
  'code': (string);
  'text': (string);
  'rule': (string);
  'pointer': (string);
}
