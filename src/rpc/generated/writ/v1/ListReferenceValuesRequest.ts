// Original file: proto/writ/v1/verifier.proto


export interface ListReferenceValuesRequest {
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListReferenceValuesRequest__Output {
  'page_size': (number);
  'page_token': (string);
}
