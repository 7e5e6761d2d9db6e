// Original file: proto/writ/v1/lineage.proto


export interface VerificationStep {
  'step'?: (string);
  'result'?: (string);
  'detail'?: (string);
}

export interface VerificationStep__Output {
  'step': (string);
  'result': (string);
  'detail': (string);
}
