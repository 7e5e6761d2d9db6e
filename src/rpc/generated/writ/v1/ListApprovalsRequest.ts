// Original file: proto/writ/v1/authorization.proto


export interface ListApprovalsRequest {
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListApprovalsRequest__Output {
  'page_size': (number);
  'page_token': (string);
}
