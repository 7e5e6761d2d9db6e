// Original file: proto/writ/v1/admin.proto


export interface Scope {
  'subjects'?: (string)[];
  'resources'?: (string)[];
  'runtimes'?: (string)[];
  'audiences'?: (string)[];
}

export interface Scope__Output {
  'subjects': (string)[];
  'resources': (string)[];
  'runtimes': (string)[];
  'audiences': (string)[];
}
