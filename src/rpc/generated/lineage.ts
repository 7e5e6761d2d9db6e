import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Action as _writ_v1_Action, Action__Output as _writ_v1_Action__Output } from './writ/v1/Action.ts';
import type { AncestorLineage as _writ_v1_AncestorLineage, AncestorLineage__Output as _writ_v1_AncestorLineage__Output } from './writ/v1/AncestorLineage.ts';
import type { Check as _writ_v1_Check, Check__Output as _writ_v1_Check__Output } from './writ/v1/Check.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from './writ/v1/Entity.ts';
import type { ExportEvidenceRequest as _writ_v1_ExportEvidenceRequest, ExportEvidenceRequest__Output as _writ_v1_ExportEvidenceRequest__Output } from './writ/v1/ExportEvidenceRequest.ts';
import type { ExportEvidenceResponse as _writ_v1_ExportEvidenceResponse, ExportEvidenceResponse__Output as _writ_v1_ExportEvidenceResponse__Output } from './writ/v1/ExportEvidenceResponse.ts';
import type { FindDecisionsRequest as _writ_v1_FindDecisionsRequest, FindDecisionsRequest__Output as _writ_v1_FindDecisionsRequest__Output } from './writ/v1/FindDecisionsRequest.ts';
import type { FindDecisionsResponse as _writ_v1_FindDecisionsResponse, FindDecisionsResponse__Output as _writ_v1_FindDecisionsResponse__Output } from './writ/v1/FindDecisionsResponse.ts';
import type { FoundDecision as _writ_v1_FoundDecision, FoundDecision__Output as _writ_v1_FoundDecision__Output } from './writ/v1/FoundDecision.ts';
import type { GetBeatsRequest as _writ_v1_GetBeatsRequest, GetBeatsRequest__Output as _writ_v1_GetBeatsRequest__Output } from './writ/v1/GetBeatsRequest.ts';
import type { GetBeatsResponse as _writ_v1_GetBeatsResponse, GetBeatsResponse__Output as _writ_v1_GetBeatsResponse__Output } from './writ/v1/GetBeatsResponse.ts';
import type { GetCheckpointRequest as _writ_v1_GetCheckpointRequest, GetCheckpointRequest__Output as _writ_v1_GetCheckpointRequest__Output } from './writ/v1/GetCheckpointRequest.ts';
import type { GetCheckpointResponse as _writ_v1_GetCheckpointResponse, GetCheckpointResponse__Output as _writ_v1_GetCheckpointResponse__Output } from './writ/v1/GetCheckpointResponse.ts';
import type { GetConsistencyProofRequest as _writ_v1_GetConsistencyProofRequest, GetConsistencyProofRequest__Output as _writ_v1_GetConsistencyProofRequest__Output } from './writ/v1/GetConsistencyProofRequest.ts';
import type { GetConsistencyProofResponse as _writ_v1_GetConsistencyProofResponse, GetConsistencyProofResponse__Output as _writ_v1_GetConsistencyProofResponse__Output } from './writ/v1/GetConsistencyProofResponse.ts';
import type { GetInclusionProofRequest as _writ_v1_GetInclusionProofRequest, GetInclusionProofRequest__Output as _writ_v1_GetInclusionProofRequest__Output } from './writ/v1/GetInclusionProofRequest.ts';
import type { GetInclusionProofResponse as _writ_v1_GetInclusionProofResponse, GetInclusionProofResponse__Output as _writ_v1_GetInclusionProofResponse__Output } from './writ/v1/GetInclusionProofResponse.ts';
import type { GetLineageGraphRequest as _writ_v1_GetLineageGraphRequest, GetLineageGraphRequest__Output as _writ_v1_GetLineageGraphRequest__Output } from './writ/v1/GetLineageGraphRequest.ts';
import type { GetLineageGraphResponse as _writ_v1_GetLineageGraphResponse, GetLineageGraphResponse__Output as _writ_v1_GetLineageGraphResponse__Output } from './writ/v1/GetLineageGraphResponse.ts';
import type { GetLineageRequest as _writ_v1_GetLineageRequest, GetLineageRequest__Output as _writ_v1_GetLineageRequest__Output } from './writ/v1/GetLineageRequest.ts';
import type { GetLineageResponse as _writ_v1_GetLineageResponse, GetLineageResponse__Output as _writ_v1_GetLineageResponse__Output } from './writ/v1/GetLineageResponse.ts';
import type { GetRecordRequest as _writ_v1_GetRecordRequest, GetRecordRequest__Output as _writ_v1_GetRecordRequest__Output } from './writ/v1/GetRecordRequest.ts';
import type { GetRecordResponse as _writ_v1_GetRecordResponse, GetRecordResponse__Output as _writ_v1_GetRecordResponse__Output } from './writ/v1/GetRecordResponse.ts';
import type { GraphEdge as _writ_v1_GraphEdge, GraphEdge__Output as _writ_v1_GraphEdge__Output } from './writ/v1/GraphEdge.ts';
import type { GraphNode as _writ_v1_GraphNode, GraphNode__Output as _writ_v1_GraphNode__Output } from './writ/v1/GraphNode.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from './writ/v1/LedgerReceipt.ts';
import type { LineageServiceClient as _writ_v1_LineageServiceClient, LineageServiceDefinition as _writ_v1_LineageServiceDefinition } from './writ/v1/LineageService.ts';
import type { ListLogsRequest as _writ_v1_ListLogsRequest, ListLogsRequest__Output as _writ_v1_ListLogsRequest__Output } from './writ/v1/ListLogsRequest.ts';
import type { ListLogsResponse as _writ_v1_ListLogsResponse, ListLogsResponse__Output as _writ_v1_ListLogsResponse__Output } from './writ/v1/ListLogsResponse.ts';
import type { ListRecordsRequest as _writ_v1_ListRecordsRequest, ListRecordsRequest__Output as _writ_v1_ListRecordsRequest__Output } from './writ/v1/ListRecordsRequest.ts';
import type { ListRecordsResponse as _writ_v1_ListRecordsResponse, ListRecordsResponse__Output as _writ_v1_ListRecordsResponse__Output } from './writ/v1/ListRecordsResponse.ts';
import type { Log as _writ_v1_Log, Log__Output as _writ_v1_Log__Output } from './writ/v1/Log.ts';
import type { LogObservation as _writ_v1_LogObservation, LogObservation__Output as _writ_v1_LogObservation__Output } from './writ/v1/LogObservation.ts';
import type { LogPosition as _writ_v1_LogPosition, LogPosition__Output as _writ_v1_LogPosition__Output } from './writ/v1/LogPosition.ts';
import type { MoreChildren as _writ_v1_MoreChildren, MoreChildren__Output as _writ_v1_MoreChildren__Output } from './writ/v1/MoreChildren.ts';
import type { Obligation as _writ_v1_Obligation, Obligation__Output as _writ_v1_Obligation__Output } from './writ/v1/Obligation.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from './writ/v1/Reason.ts';
import type { Record as _writ_v1_Record, Record__Output as _writ_v1_Record__Output } from './writ/v1/Record.ts';
import type { VerificationStep as _writ_v1_VerificationStep, VerificationStep__Output as _writ_v1_VerificationStep__Output } from './writ/v1/VerificationStep.ts';
import type { VerifyLineageRequest as _writ_v1_VerifyLineageRequest, VerifyLineageRequest__Output as _writ_v1_VerifyLineageRequest__Output } from './writ/v1/VerifyLineageRequest.ts';
import type { VerifyLineageResponse as _writ_v1_VerifyLineageResponse, VerifyLineageResponse__Output as _writ_v1_VerifyLineageResponse__Output } from './writ/v1/VerifyLineageResponse.ts';
import type { WatchRecordsRequest as _writ_v1_WatchRecordsRequest, WatchRecordsRequest__Output as _writ_v1_WatchRecordsRequest__Output } from './writ/v1/WatchRecordsRequest.ts';
import type { WatchRecordsResponse as _writ_v1_WatchRecordsResponse, WatchRecordsResponse__Output as _writ_v1_WatchRecordsResponse__Output } from './writ/v1/WatchRecordsResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
  }
  writ: {
    v1: {
      Action: MessageTypeDefinition<_writ_v1_Action, _writ_v1_Action__Output>
      AncestorLineage: MessageTypeDefinition<_writ_v1_AncestorLineage, _writ_v1_AncestorLineage__Output>
      Check: MessageTypeDefinition<_writ_v1_Check, _writ_v1_Check__Output>
      CheckStatus: EnumTypeDefinition
      Decision: EnumTypeDefinition
      Entity: MessageTypeDefinition<_writ_v1_Entity, _writ_v1_Entity__Output>
      ExecutionState: EnumTypeDefinition
      ExportEvidenceRequest: MessageTypeDefinition<_writ_v1_ExportEvidenceRequest, _writ_v1_ExportEvidenceRequest__Output>
      ExportEvidenceResponse: MessageTypeDefinition<_writ_v1_ExportEvidenceResponse, _writ_v1_ExportEvidenceResponse__Output>
      FindDecisionsRequest: MessageTypeDefinition<_writ_v1_FindDecisionsRequest, _writ_v1_FindDecisionsRequest__Output>
      FindDecisionsResponse: MessageTypeDefinition<_writ_v1_FindDecisionsResponse, _writ_v1_FindDecisionsResponse__Output>
      FoundDecision: MessageTypeDefinition<_writ_v1_FoundDecision, _writ_v1_FoundDecision__Output>
      GetBeatsRequest: MessageTypeDefinition<_writ_v1_GetBeatsRequest, _writ_v1_GetBeatsRequest__Output>
      GetBeatsResponse: MessageTypeDefinition<_writ_v1_GetBeatsResponse, _writ_v1_GetBeatsResponse__Output>
      GetCheckpointRequest: MessageTypeDefinition<_writ_v1_GetCheckpointRequest, _writ_v1_GetCheckpointRequest__Output>
      GetCheckpointResponse: MessageTypeDefinition<_writ_v1_GetCheckpointResponse, _writ_v1_GetCheckpointResponse__Output>
      GetConsistencyProofRequest: MessageTypeDefinition<_writ_v1_GetConsistencyProofRequest, _writ_v1_GetConsistencyProofRequest__Output>
      GetConsistencyProofResponse: MessageTypeDefinition<_writ_v1_GetConsistencyProofResponse, _writ_v1_GetConsistencyProofResponse__Output>
      GetInclusionProofRequest: MessageTypeDefinition<_writ_v1_GetInclusionProofRequest, _writ_v1_GetInclusionProofRequest__Output>
      GetInclusionProofResponse: MessageTypeDefinition<_writ_v1_GetInclusionProofResponse, _writ_v1_GetInclusionProofResponse__Output>
      GetLineageGraphRequest: MessageTypeDefinition<_writ_v1_GetLineageGraphRequest, _writ_v1_GetLineageGraphRequest__Output>
      GetLineageGraphResponse: MessageTypeDefinition<_writ_v1_GetLineageGraphResponse, _writ_v1_GetLineageGraphResponse__Output>
      GetLineageRequest: MessageTypeDefinition<_writ_v1_GetLineageRequest, _writ_v1_GetLineageRequest__Output>
      GetLineageResponse: MessageTypeDefinition<_writ_v1_GetLineageResponse, _writ_v1_GetLineageResponse__Output>
      GetRecordRequest: MessageTypeDefinition<_writ_v1_GetRecordRequest, _writ_v1_GetRecordRequest__Output>
      GetRecordResponse: MessageTypeDefinition<_writ_v1_GetRecordResponse, _writ_v1_GetRecordResponse__Output>
      GraphEdge: MessageTypeDefinition<_writ_v1_GraphEdge, _writ_v1_GraphEdge__Output>
      GraphNode: MessageTypeDefinition<_writ_v1_GraphNode, _writ_v1_GraphNode__Output>
      LedgerReceipt: MessageTypeDefinition<_writ_v1_LedgerReceipt, _writ_v1_LedgerReceipt__Output>
      LineageService: SubtypeConstructor<typeof grpc.Client, _writ_v1_LineageServiceClient> & { service: _writ_v1_LineageServiceDefinition }
      ListLogsRequest: MessageTypeDefinition<_writ_v1_ListLogsRequest, _writ_v1_ListLogsRequest__Output>
      ListLogsResponse: MessageTypeDefinition<_writ_v1_ListLogsResponse, _writ_v1_ListLogsResponse__Output>
      ListRecordsRequest: MessageTypeDefinition<_writ_v1_ListRecordsRequest, _writ_v1_ListRecordsRequest__Output>
      ListRecordsResponse: MessageTypeDefinition<_writ_v1_ListRecordsResponse, _writ_v1_ListRecordsResponse__Output>
      Log: MessageTypeDefinition<_writ_v1_Log, _writ_v1_Log__Output>
      LogObservation: MessageTypeDefinition<_writ_v1_LogObservation, _writ_v1_LogObservation__Output>
      LogPosition: MessageTypeDefinition<_writ_v1_LogPosition, _writ_v1_LogPosition__Output>
      LogState: EnumTypeDefinition
      MoreChildren: MessageTypeDefinition<_writ_v1_MoreChildren, _writ_v1_MoreChildren__Output>
      Obligation: MessageTypeDefinition<_writ_v1_Obligation, _writ_v1_Obligation__Output>
      Reason: MessageTypeDefinition<_writ_v1_Reason, _writ_v1_Reason__Output>
      Record: MessageTypeDefinition<_writ_v1_Record, _writ_v1_Record__Output>
      VerificationStep: MessageTypeDefinition<_writ_v1_VerificationStep, _writ_v1_VerificationStep__Output>
      VerifyLineageRequest: MessageTypeDefinition<_writ_v1_VerifyLineageRequest, _writ_v1_VerifyLineageRequest__Output>
      VerifyLineageResponse: MessageTypeDefinition<_writ_v1_VerifyLineageResponse, _writ_v1_VerifyLineageResponse__Output>
      WatchRecordsRequest: MessageTypeDefinition<_writ_v1_WatchRecordsRequest, _writ_v1_WatchRecordsRequest__Output>
      WatchRecordsResponse: MessageTypeDefinition<_writ_v1_WatchRecordsResponse, _writ_v1_WatchRecordsResponse__Output>
    }
  }
}

