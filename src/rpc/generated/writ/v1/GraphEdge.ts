// Original file: proto/writ/v1/lineage.proto


export interface GraphEdge {
  'from'?: (string);
  'to'?: (string);
  'kind'?: (string);
}

export interface GraphEdge__Output {
  'from': (string);
  'to': (string);
  'kind': (string);
}
