// Original file: proto/writ/v1/admin.proto


export interface Subject {
  'type'?: (string);
  'id'?: (string);
  'state'?: (string);
}

export interface Subject__Output {
  'type': (string);
  'id': (string);
  'state': (string);
}
