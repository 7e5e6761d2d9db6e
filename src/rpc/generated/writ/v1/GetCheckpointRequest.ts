// Original file: proto/writ/v1/lineage.proto


export interface GetCheckpointRequest {
  'log'?: (string);
}

export interface GetCheckpointRequest__Output {
  'log': (string);
}
