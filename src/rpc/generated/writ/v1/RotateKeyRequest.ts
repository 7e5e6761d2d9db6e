// Original file: proto/writ/v1/admin.proto


export interface RotateKeyRequest {
  'use'?: (string);
  'compromised'?: (boolean);
}

export interface RotateKeyRequest__Output {
  'use': (string);
  'compromised': (boolean);
}
