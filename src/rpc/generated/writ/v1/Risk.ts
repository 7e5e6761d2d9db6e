// Original file: proto/writ/v1/authorization.proto


export interface Risk {
  'tier'?: (string);
  'points'?: (number);
  'signals'?: (string)[];
}

export interface Risk__Output {
  'tier': (string);
  'points': (number);
  'signals': (string)[];
}
