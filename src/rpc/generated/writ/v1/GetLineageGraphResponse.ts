// Original file: proto/writ/v1/lineage.proto

import type { GraphNode as _writ_v1_GraphNode, GraphNode__Output as _writ_v1_GraphNode__Output } from '../../writ/v1/GraphNode.ts';
import type { GraphEdge as _writ_v1_GraphEdge, GraphEdge__Output as _writ_v1_GraphEdge__Output } from '../../writ/v1/GraphEdge.ts';
import type { MoreChildren as _writ_v1_MoreChildren, MoreChildren__Output as _writ_v1_MoreChildren__Output } from '../../writ/v1/MoreChildren.ts';

export interface GetLineageGraphResponse {
  'nodes'?: (_writ_v1_GraphNode)[];
  'edges'?: (_writ_v1_GraphEdge)[];
  'more'?: (_writ_v1_MoreChildren)[];
}

export interface GetLineageGraphResponse__Output {
  'nodes': (_writ_v1_GraphNode__Output)[];
  'edges': (_writ_v1_GraphEdge__Output)[];
  'more': (_writ_v1_MoreChildren__Output)[];
}
