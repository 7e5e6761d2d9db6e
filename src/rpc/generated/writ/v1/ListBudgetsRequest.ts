// Original file: proto/writ/v1/policy.proto


export interface ListBudgetsRequest {
  'page_size'?: (number);
  'page_token'?: (string);
  'name'?: (string);
}

export interface ListBudgetsRequest__Output {
  'page_size': (number);
  'page_token': (string);
  'name': (string);
}
