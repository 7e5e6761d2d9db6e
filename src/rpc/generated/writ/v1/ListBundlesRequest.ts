// Original file: proto/writ/v1/policy.proto


export interface ListBundlesRequest {
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListBundlesRequest__Output {
  'page_size': (number);
  'page_token': (string);
}
