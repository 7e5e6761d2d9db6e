// Original file: proto/writ/v1/policy.proto


export interface DecideActivationRequest {
  'activation_id'?: (string);
  'approve'?: (boolean);
  'reason'?: (string);
}

export interface DecideActivationRequest__Output {
  'activation_id': (string);
  'approve': (boolean);
  'reason': (string);
}
