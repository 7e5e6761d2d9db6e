// Original file: proto/writ/v1/lineage.proto


export interface MoreChildren {
  'execution_id'?: (string);
  'page_token'?: (string);
}

export interface MoreChildren__Output {
  'execution_id': (string);
  'page_token': (string);
}
