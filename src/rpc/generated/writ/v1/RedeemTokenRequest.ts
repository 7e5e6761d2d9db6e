// Original file: proto/writ/v1/authorization.proto


export interface RedeemTokenRequest {
  'token'?: (string);
  'redemption_id'?: (string);
  'parameters_digest'?: (Buffer | Uint8Array | string);
  'proof'?: (string);
}

export interface RedeemTokenRequest__Output {
  'token': (string);
  'redemption_id': (string);
  'parameters_digest': (Buffer);
  'proof': (string);
}
