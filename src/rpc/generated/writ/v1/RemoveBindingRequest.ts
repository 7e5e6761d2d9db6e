// Original file: proto/writ/v1/admin.proto


export interface RemoveBindingRequest {
  'principal'?: (string);
  'role'?: (string);
}

export interface RemoveBindingRequest__Output {
  'principal': (string);
  'role': (string);
}
