// Original file: proto/writ/v1/authorization.proto


export interface VerifyTokenRequest {
  'token'?: (string);
  'audience'?: (string);
  'parameters'?: (Buffer | Uint8Array | string);
  'parameters_digest'?: (Buffer | Uint8Array | string);
  'parameters_form'?: "parameters"|"parameters_digest";
}

export interface VerifyTokenRequest__Output {
  'token': (string);
  'audience': (string);
  'parameters'?: (Buffer);
  'parameters_digest'?: (Buffer);
  'parameters_form'?: "parameters"|"parameters_digest";
}
