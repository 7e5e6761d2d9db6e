// Original file: proto/writ/v1/lineage.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExportEvidenceRequest as _writ_v1_ExportEvidenceRequest, ExportEvidenceRequest__Output as _writ_v1_ExportEvidenceRequest__Output } from '../../writ/v1/ExportEvidenceRequest.ts';
import type { ExportEvidenceResponse as _writ_v1_ExportEvidenceResponse, ExportEvidenceResponse__Output as _writ_v1_ExportEvidenceResponse__Output } from '../../writ/v1/ExportEvidenceResponse.ts';
import type { FindDecisionsRequest as _writ_v1_FindDecisionsRequest, FindDecisionsRequest__Output as _writ_v1_FindDecisionsRequest__Output } from '../../writ/v1/FindDecisionsRequest.ts';
import type { FindDecisionsResponse as _writ_v1_FindDecisionsResponse, FindDecisionsResponse__Output as _writ_v1_FindDecisionsResponse__Output } from '../../writ/v1/FindDecisionsResponse.ts';
import type { GetBeatsRequest as _writ_v1_GetBeatsRequest, GetBeatsRequest__Output as _writ_v1_GetBeatsRequest__Output } from '../../writ/v1/GetBeatsRequest.ts';
import type { GetBeatsResponse as _writ_v1_GetBeatsResponse, GetBeatsResponse__Output as _writ_v1_GetBeatsResponse__Output } from '../../writ/v1/GetBeatsResponse.ts';
import type { GetCheckpointRequest as _writ_v1_GetCheckpointRequest, GetCheckpointRequest__Output as _writ_v1_GetCheckpointRequest__Output } from '../../writ/v1/GetCheckpointRequest.ts';
import type { GetCheckpointResponse as _writ_v1_GetCheckpointResponse, GetCheckpointResponse__Output as _writ_v1_GetCheckpointResponse__Output } from '../../writ/v1/GetCheckpointResponse.ts';
import type { GetConsistencyProofRequest as _writ_v1_GetConsistencyProofRequest, GetConsistencyProofRequest__Output as _writ_v1_GetConsistencyProofRequest__Output } from '../../writ/v1/GetConsistencyProofRequest.ts';
import type { GetConsistencyProofResponse as _writ_v1_GetConsistencyProofResponse, GetConsistencyProofResponse__Output as _writ_v1_GetConsistencyProofResponse__Output } from '../../writ/v1/GetConsistencyProofResponse.ts';
import type { GetInclusionProofRequest as _writ_v1_GetInclusionProofRequest, GetInclusionProofRequest__Output as _writ_v1_GetInclusionProofRequest__Output } from '../../writ/v1/GetInclusionProofRequest.ts';
import type { GetInclusionProofResponse as _writ_v1_GetInclusionProofResponse, GetInclusionProofResponse__Output as _writ_v1_GetInclusionProofResponse__Output } from '../../writ/v1/GetInclusionProofResponse.ts';
import type { GetLineageGraphRequest as _writ_v1_GetLineageGraphRequest, GetLineageGraphRequest__Output as _writ_v1_GetLineageGraphRequest__Output } from '../../writ/v1/GetLineageGraphRequest.ts';
import type { GetLineageGraphResponse as _writ_v1_GetLineageGraphResponse, GetLineageGraphResponse__Output as _writ_v1_GetLineageGraphResponse__Output } from '../../writ/v1/GetLineageGraphResponse.ts';
import type { GetLineageRequest as _writ_v1_GetLineageRequest, GetLineageRequest__Output as _writ_v1_GetLineageRequest__Output } from '../../writ/v1/GetLineageRequest.ts';
import type { GetLineageResponse as _writ_v1_GetLineageResponse, GetLineageResponse__Output as _writ_v1_GetLineageResponse__Output } from '../../writ/v1/GetLineageResponse.ts';
import type { GetRecordRequest as _writ_v1_GetRecordRequest, GetRecordRequest__Output as _writ_v1_GetRecordRequest__Output } from '../../writ/v1/GetRecordRequest.ts';
import type { GetRecordResponse as _writ_v1_GetRecordResponse, GetRecordResponse__Output as _writ_v1_GetRecordResponse__Output } from '../../writ/v1/GetRecordResponse.ts';
import type { ListLogsRequest as _writ_v1_ListLogsRequest, ListLogsRequest__Output as _writ_v1_ListLogsRequest__Output } from '../../writ/v1/ListLogsRequest.ts';
import type { ListLogsResponse as _writ_v1_ListLogsResponse, ListLogsResponse__Output as _writ_v1_ListLogsResponse__Output } from '../../writ/v1/ListLogsResponse.ts';
import type { ListRecordsRequest as _writ_v1_ListRecordsRequest, ListRecordsRequest__Output as _writ_v1_ListRecordsRequest__Output } from '../../writ/v1/ListRecordsRequest.ts';
import type { ListRecordsResponse as _writ_v1_ListRecordsResponse, ListRecordsResponse__Output as _writ_v1_ListRecordsResponse__Output } from '../../writ/v1/ListRecordsResponse.ts';
import type { VerifyLineageRequest as _writ_v1_VerifyLineageRequest, VerifyLineageRequest__Output as _writ_v1_VerifyLineageRequest__Output } from '../../writ/v1/VerifyLineageRequest.ts';
import type { VerifyLineageResponse as _writ_v1_VerifyLineageResponse, VerifyLineageResponse__Output as _writ_v1_VerifyLineageResponse__Output } from '../../writ/v1/VerifyLineageResponse.ts';
import type { WatchRecordsRequest as _writ_v1_WatchRecordsRequest, WatchRecordsRequest__Output as _writ_v1_WatchRecordsRequest__Output } from '../../writ/v1/WatchRecordsRequest.ts';
import type { WatchRecordsResponse as _writ_v1_WatchRecordsResponse, WatchRecordsResponse__Output as _writ_v1_WatchRecordsResponse__Output } from '../../writ/v1/WatchRecordsResponse.ts';

export interface LineageServiceClient extends grpc.Client {
  ExportEvidence(argument: _writ_v1_ExportEvidenceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  ExportEvidence(argument: _writ_v1_ExportEvidenceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  ExportEvidence(argument: _writ_v1_ExportEvidenceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  ExportEvidence(argument: _writ_v1_ExportEvidenceRequest, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  exportEvidence(argument: _writ_v1_ExportEvidenceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  exportEvidence(argument: _writ_v1_ExportEvidenceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  exportEvidence(argument: _writ_v1_ExportEvidenceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  exportEvidence(argument: _writ_v1_ExportEvidenceRequest, callback: grpc.requestCallback<_writ_v1_ExportEvidenceResponse__Output>): grpc.ClientUnaryCall;
  
  FindDecisions(argument: _writ_v1_FindDecisionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  FindDecisions(argument: _writ_v1_FindDecisionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  FindDecisions(argument: _writ_v1_FindDecisionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  FindDecisions(argument: _writ_v1_FindDecisionsRequest, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  findDecisions(argument: _writ_v1_FindDecisionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  findDecisions(argument: _writ_v1_FindDecisionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  findDecisions(argument: _writ_v1_FindDecisionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  findDecisions(argument: _writ_v1_FindDecisionsRequest, callback: grpc.requestCallback<_writ_v1_FindDecisionsResponse__Output>): grpc.ClientUnaryCall;
  
  GetBeats(argument: _writ_v1_GetBeatsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  GetBeats(argument: _writ_v1_GetBeatsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  GetBeats(argument: _writ_v1_GetBeatsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  GetBeats(argument: _writ_v1_GetBeatsRequest, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  getBeats(argument: _writ_v1_GetBeatsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  getBeats(argument: _writ_v1_GetBeatsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  getBeats(argument: _writ_v1_GetBeatsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  getBeats(argument: _writ_v1_GetBeatsRequest, callback: grpc.requestCallback<_writ_v1_GetBeatsResponse__Output>): grpc.ClientUnaryCall;
  
  GetCheckpoint(argument: _writ_v1_GetCheckpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  GetCheckpoint(argument: _writ_v1_GetCheckpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  GetCheckpoint(argument: _writ_v1_GetCheckpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  GetCheckpoint(argument: _writ_v1_GetCheckpointRequest, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _writ_v1_GetCheckpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _writ_v1_GetCheckpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _writ_v1_GetCheckpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _writ_v1_GetCheckpointRequest, callback: grpc.requestCallback<_writ_v1_GetCheckpointResponse__Output>): grpc.ClientUnaryCall;
  
  GetConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  GetConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  GetConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  GetConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  getConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  getConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  getConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  getConsistencyProof(argument: _writ_v1_GetConsistencyProofRequest, callback: grpc.requestCallback<_writ_v1_GetConsistencyProofResponse__Output>): grpc.ClientUnaryCall;
  
  GetInclusionProof(argument: _writ_v1_GetInclusionProofRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  GetInclusionProof(argument: _writ_v1_GetInclusionProofRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  GetInclusionProof(argument: _writ_v1_GetInclusionProofRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  GetInclusionProof(argument: _writ_v1_GetInclusionProofRequest, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  getInclusionProof(argument: _writ_v1_GetInclusionProofRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  getInclusionProof(argument: _writ_v1_GetInclusionProofRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  getInclusionProof(argument: _writ_v1_GetInclusionProofRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  getInclusionProof(argument: _writ_v1_GetInclusionProofRequest, callback: grpc.requestCallback<_writ_v1_GetInclusionProofResponse__Output>): grpc.ClientUnaryCall;
  
  GetLineage(argument: _writ_v1_GetLineageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  GetLineage(argument: _writ_v1_GetLineageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  GetLineage(argument: _writ_v1_GetLineageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  GetLineage(argument: _writ_v1_GetLineageRequest, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  getLineage(argument: _writ_v1_GetLineageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  getLineage(argument: _writ_v1_GetLineageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  getLineage(argument: _writ_v1_GetLineageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  getLineage(argument: _writ_v1_GetLineageRequest, callback: grpc.requestCallback<_writ_v1_GetLineageResponse__Output>): grpc.ClientUnaryCall;
  
  GetLineageGraph(argument: _writ_v1_GetLineageGraphRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  GetLineageGraph(argument: _writ_v1_GetLineageGraphRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  GetLineageGraph(argument: _writ_v1_GetLineageGraphRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  GetLineageGraph(argument: _writ_v1_GetLineageGraphRequest, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  getLineageGraph(argument: _writ_v1_GetLineageGraphRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  getLineageGraph(argument: _writ_v1_GetLineageGraphRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  getLineageGraph(argument: _writ_v1_GetLineageGraphRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  getLineageGraph(argument: _writ_v1_GetLineageGraphRequest, callback: grpc.requestCallback<_writ_v1_GetLineageGraphResponse__Output>): grpc.ClientUnaryCall;
  
  GetRecord(argument: _writ_v1_GetRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  GetRecord(argument: _writ_v1_GetRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  GetRecord(argument: _writ_v1_GetRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  GetRecord(argument: _writ_v1_GetRecordRequest, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  getRecord(argument: _writ_v1_GetRecordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  getRecord(argument: _writ_v1_GetRecordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  getRecord(argument: _writ_v1_GetRecordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  getRecord(argument: _writ_v1_GetRecordRequest, callback: grpc.requestCallback<_writ_v1_GetRecordResponse__Output>): grpc.ClientUnaryCall;
  
  ListLogs(argument: _writ_v1_ListLogsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  ListLogs(argument: _writ_v1_ListLogsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  ListLogs(argument: _writ_v1_ListLogsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  ListLogs(argument: _writ_v1_ListLogsRequest, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  listLogs(argument: _writ_v1_ListLogsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  listLogs(argument: _writ_v1_ListLogsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  listLogs(argument: _writ_v1_ListLogsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  listLogs(argument: _writ_v1_ListLogsRequest, callback: grpc.requestCallback<_writ_v1_ListLogsResponse__Output>): grpc.ClientUnaryCall;
  
  ListRecords(argument: _writ_v1_ListRecordsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  ListRecords(argument: _writ_v1_ListRecordsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  ListRecords(argument: _writ_v1_ListRecordsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  ListRecords(argument: _writ_v1_ListRecordsRequest, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _writ_v1_ListRecordsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _writ_v1_ListRecordsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _writ_v1_ListRecordsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  listRecords(argument: _writ_v1_ListRecordsRequest, callback: grpc.requestCallback<_writ_v1_ListRecordsResponse__Output>): grpc.ClientUnaryCall;
  
  VerifyLineage(argument: _writ_v1_VerifyLineageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  VerifyLineage(argument: _writ_v1_VerifyLineageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  VerifyLineage(argument: _writ_v1_VerifyLineageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  VerifyLineage(argument: _writ_v1_VerifyLineageRequest, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  verifyLineage(argument: _writ_v1_VerifyLineageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  verifyLineage(argument: _writ_v1_VerifyLineageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  verifyLineage(argument: _writ_v1_VerifyLineageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  verifyLineage(argument: _writ_v1_VerifyLineageRequest, callback: grpc.requestCallback<_writ_v1_VerifyLineageResponse__Output>): grpc.ClientUnaryCall;
  
  WatchRecords(argument: _writ_v1_WatchRecordsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchRecordsResponse__Output>;
  WatchRecords(argument: _writ_v1_WatchRecordsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchRecordsResponse__Output>;
  watchRecords(argument: _writ_v1_WatchRecordsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchRecordsResponse__Output>;
  watchRecords(argument: _writ_v1_WatchRecordsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchRecordsResponse__Output>;
  
}

export interface LineageServiceHandlers extends grpc.UntypedServiceImplementation {
  ExportEvidence: grpc.handleUnaryCall<_writ_v1_ExportEvidenceRequest__Output, _writ_v1_ExportEvidenceResponse>;
  
  FindDecisions: grpc.handleUnaryCall<_writ_v1_FindDecisionsRequest__Output, _writ_v1_FindDecisionsResponse>;
  
  GetBeats: grpc.handleUnaryCall<_writ_v1_GetBeatsRequest__Output, _writ_v1_GetBeatsResponse>;
  
  GetCheckpoint: grpc.handleUnaryCall<_writ_v1_GetCheckpointRequest__Output, _writ_v1_GetCheckpointResponse>;
  
  GetConsistencyProof: grpc.handleUnaryCall<_writ_v1_GetConsistencyProofRequest__Output, _writ_v1_GetConsistencyProofResponse>;
  
  GetInclusionProof: grpc.handleUnaryCall<_writ_v1_GetInclusionProofRequest__Output, _writ_v1_GetInclusionProofResponse>;
  
  GetLineage: grpc.handleUnaryCall<_writ_v1_GetLineageRequest__Output, _writ_v1_GetLineageResponse>;
  
  GetLineageGraph: grpc.handleUnaryCall<_writ_v1_GetLineageGraphRequest__Output, _writ_v1_GetLineageGraphResponse>;
  
  GetRecord: grpc.handleUnaryCall<_writ_v1_GetRecordRequest__Output, _writ_v1_GetRecordResponse>;
  
  ListLogs: grpc.handleUnaryCall<_writ_v1_ListLogsRequest__Output, _writ_v1_ListLogsResponse>;
  
  ListRecords: grpc.handleUnaryCall<_writ_v1_ListRecordsRequest__Output, _writ_v1_ListRecordsResponse>;
  
  VerifyLineage: grpc.handleUnaryCall<_writ_v1_VerifyLineageRequest__Output, _writ_v1_VerifyLineageResponse>;
  
  WatchRecords: grpc.handleServerStreamingCall<_writ_v1_WatchRecordsRequest__Output, _writ_v1_WatchRecordsResponse>;
  
}

export interface LineageServiceDefinition extends grpc.ServiceDefinition {
  ExportEvidence: MethodDefinition<_writ_v1_ExportEvidenceRequest, _writ_v1_ExportEvidenceResponse, _writ_v1_ExportEvidenceRequest__Output, _writ_v1_ExportEvidenceResponse__Output>
  FindDecisions: MethodDefinition<_writ_v1_FindDecisionsRequest, _writ_v1_FindDecisionsResponse, _writ_v1_FindDecisionsRequest__Output, _writ_v1_FindDecisionsResponse__Output>
  GetBeats: MethodDefinition<_writ_v1_GetBeatsRequest, _writ_v1_GetBeatsResponse, _writ_v1_GetBeatsRequest__Output, _writ_v1_GetBeatsResponse__Output>
  GetCheckpoint: MethodDefinition<_writ_v1_GetCheckpointRequest, _writ_v1_GetCheckpointResponse, _writ_v1_GetCheckpointRequest__Output, _writ_v1_GetCheckpointResponse__Output>
  GetConsistencyProof: MethodDefinition<_writ_v1_GetConsistencyProofRequest, _writ_v1_GetConsistencyProofResponse, _writ_v1_GetConsistencyProofRequest__Output, _writ_v1_GetConsistencyProofResponse__Output>
  GetInclusionProof: MethodDefinition<_writ_v1_GetInclusionProofRequest, _writ_v1_GetInclusionProofResponse, _writ_v1_GetInclusionProofRequest__Output, _writ_v1_GetInclusionProofResponse__Output>
  GetLineage: MethodDefinition<_writ_v1_GetLineageRequest, _writ_v1_GetLineageResponse, _writ_v1_GetLineageRequest__Output, _writ_v1_GetLineageResponse__Output>
  GetLineageGraph: MethodDefinition<_writ_v1_GetLineageGraphRequest, _writ_v1_GetLineageGraphResponse, _writ_v1_GetLineageGraphRequest__Output, _writ_v1_GetLineageGraphResponse__Output>
  GetRecord: MethodDefinition<_writ_v1_GetRecordRequest, _writ_v1_GetRecordResponse, _writ_v1_GetRecordRequest__Output, _writ_v1_GetRecordResponse__Output>
  ListLogs: MethodDefinition<_writ_v1_ListLogsRequest, _writ_v1_ListLogsResponse, _writ_v1_ListLogsRequest__Output, _writ_v1_ListLogsResponse__Output>
  ListRecords: MethodDefinition<_writ_v1_ListRecordsRequest, _writ_v1_ListRecordsResponse, _writ_v1_ListRecordsRequest__Output, _writ_v1_ListRecordsResponse__Output>
  VerifyLineage: MethodDefinition<_writ_v1_VerifyLineageRequest, _writ_v1_VerifyLineageResponse, _writ_v1_VerifyLineageRequest__Output, _writ_v1_VerifyLineageResponse__Output>
  WatchRecords: MethodDefinition<_writ_v1_WatchRecordsRequest, _writ_v1_WatchRecordsResponse, _writ_v1_WatchRecordsRequest__Output, _writ_v1_WatchRecordsResponse__Output>
}
