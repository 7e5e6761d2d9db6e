// Original file: proto/writ/v1/admin.proto


export interface RevokeCallerKeyRequest {
  'id'?: (string);
}

export interface RevokeCallerKeyRequest__Output {
  'id': (string);
}
