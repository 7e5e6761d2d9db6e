// Original file: proto/writ/v1/admin.proto


export interface ListSubjectsRequest {
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListSubjectsRequest__Output {
  'page_size': (number);
  'page_token': (string);
}
