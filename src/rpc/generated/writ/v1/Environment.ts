// Original file: proto/writ/v1/verifier.proto


export interface Environment {
  'os'?: (string);
  'arch'?: (string);
  'node'?: (string);
  'region'?: (string);
  'tee'?: (string);
  'not_guaranteed'?: (string)[];
}

export interface Environment__Output {
  'os': (string);
  'arch': (string);
  'node': (string);
  'region': (string);
  'tee': (string);
  'not_guaranteed': (string)[];
}
