// Original file: proto/writ/v1/verifier.proto


export interface BeginRegistrationRequest {
  'runtime_id'?: (string);
  'public_key'?: (Buffer | Uint8Array | string);
}

export interface BeginRegistrationRequest__Output {
  'runtime_id': (string);
  'public_key': (Buffer);
}
