// Original file: proto/writ/v1/policy.proto


export interface BundleProblem {
  'file'?: (string);
  'line'?: (number);
  'column'?: (number);
  'message'?: (string);
  'excerpt'?: (string);
  'suggestion'?: (string);
  'fatal'?: (boolean);
}

export interface BundleProblem__Output {
  'file': (string);
  'line': (number);
  'column': (number);
  'message': (string);
  'excerpt': (string);
  'suggestion': (string);
  'fatal': (boolean);
}
