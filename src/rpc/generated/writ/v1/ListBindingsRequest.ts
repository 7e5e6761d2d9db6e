// Original file: proto/writ/v1/admin.proto


export interface ListBindingsRequest {
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListBindingsRequest__Output {
  'page_size': (number);
  'page_token': (string);
}
