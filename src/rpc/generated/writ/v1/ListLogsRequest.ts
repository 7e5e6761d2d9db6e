// Original file: proto/writ/v1/lineage.proto


export interface ListLogsRequest {
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListLogsRequest__Output {
  'page_size': (number);
  'page_token': (string);
}
