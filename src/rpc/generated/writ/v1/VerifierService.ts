// Original file: proto/writ/v1/verifier.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BeginRegistrationRequest as _writ_v1_BeginRegistrationRequest, BeginRegistrationRequest__Output as _writ_v1_BeginRegistrationRequest__Output } from '../../writ/v1/BeginRegistrationRequest.ts';
import type { BeginRegistrationResponse as _writ_v1_BeginRegistrationResponse, BeginRegistrationResponse__Output as _writ_v1_BeginRegistrationResponse__Output } from '../../writ/v1/BeginRegistrationResponse.ts';
import type { EndRuntimeRequest as _writ_v1_EndRuntimeRequest, EndRuntimeRequest__Output as _writ_v1_EndRuntimeRequest__Output } from '../../writ/v1/EndRuntimeRequest.ts';
import type { EndRuntimeResponse as _writ_v1_EndRuntimeResponse, EndRuntimeResponse__Output as _writ_v1_EndRuntimeResponse__Output } from '../../writ/v1/EndRuntimeResponse.ts';
import type { GetRuntimeRequest as _writ_v1_GetRuntimeRequest, GetRuntimeRequest__Output as _writ_v1_GetRuntimeRequest__Output } from '../../writ/v1/GetRuntimeRequest.ts';
import type { GetRuntimeResponse as _writ_v1_GetRuntimeResponse, GetRuntimeResponse__Output as _writ_v1_GetRuntimeResponse__Output } from '../../writ/v1/GetRuntimeResponse.ts';
import type { HeartbeatRequest as _writ_v1_HeartbeatRequest, HeartbeatRequest__Output as _writ_v1_HeartbeatRequest__Output } from '../../writ/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse as _writ_v1_HeartbeatResponse, HeartbeatResponse__Output as _writ_v1_HeartbeatResponse__Output } from '../../writ/v1/HeartbeatResponse.ts';
import type { HeartbeatStreamRequest as _writ_v1_HeartbeatStreamRequest, HeartbeatStreamRequest__Output as _writ_v1_HeartbeatStreamRequest__Output } from '../../writ/v1/HeartbeatStreamRequest.ts';
import type { HeartbeatStreamResponse as _writ_v1_HeartbeatStreamResponse, HeartbeatStreamResponse__Output as _writ_v1_HeartbeatStreamResponse__Output } from '../../writ/v1/HeartbeatStreamResponse.ts';
import type { ListReferenceValuesRequest as _writ_v1_ListReferenceValuesRequest, ListReferenceValuesRequest__Output as _writ_v1_ListReferenceValuesRequest__Output } from '../../writ/v1/ListReferenceValuesRequest.ts';
import type { ListReferenceValuesResponse as _writ_v1_ListReferenceValuesResponse, ListReferenceValuesResponse__Output as _writ_v1_ListReferenceValuesResponse__Output } from '../../writ/v1/ListReferenceValuesResponse.ts';
import type { ListRuntimesRequest as _writ_v1_ListRuntimesRequest, ListRuntimesRequest__Output as _writ_v1_ListRuntimesRequest__Output } from '../../writ/v1/ListRuntimesRequest.ts';
import type { ListRuntimesResponse as _writ_v1_ListRuntimesResponse, ListRuntimesResponse__Output as _writ_v1_ListRuntimesResponse__Output } from '../../writ/v1/ListRuntimesResponse.ts';
import type { PutReferenceValuesRequest as _writ_v1_PutReferenceValuesRequest, PutReferenceValuesRequest__Output as _writ_v1_PutReferenceValuesRequest__Output } from '../../writ/v1/PutReferenceValuesRequest.ts';
import type { PutReferenceValuesResponse as _writ_v1_PutReferenceValuesResponse, PutReferenceValuesResponse__Output as _writ_v1_PutReferenceValuesResponse__Output } from '../../writ/v1/PutReferenceValuesResponse.ts';
import type { RegisterRuntimeRequest as _writ_v1_RegisterRuntimeRequest, RegisterRuntimeRequest__Output as _writ_v1_RegisterRuntimeRequest__Output } from '../../writ/v1/RegisterRuntimeRequest.ts';
import type { RegisterRuntimeResponse as _writ_v1_RegisterRuntimeResponse, RegisterRuntimeResponse__Output as _writ_v1_RegisterRuntimeResponse__Output } from '../../writ/v1/RegisterRuntimeResponse.ts';
import type { SetRuntimeStateRequest as _writ_v1_SetRuntimeStateRequest, SetRuntimeStateRequest__Output as _writ_v1_SetRuntimeStateRequest__Output } from '../../writ/v1/SetRuntimeStateRequest.ts';
import type { SetRuntimeStateResponse as _writ_v1_SetRuntimeStateResponse, SetRuntimeStateResponse__Output as _writ_v1_SetRuntimeStateResponse__Output } from '../../writ/v1/SetRuntimeStateResponse.ts';
import type { WatchDirectivesRequest as _writ_v1_WatchDirectivesRequest, WatchDirectivesRequest__Output as _writ_v1_WatchDirectivesRequest__Output } from '../../writ/v1/WatchDirectivesRequest.ts';
import type { WatchDirectivesResponse as _writ_v1_WatchDirectivesResponse, WatchDirectivesResponse__Output as _writ_v1_WatchDirectivesResponse__Output } from '../../writ/v1/WatchDirectivesResponse.ts';

export interface VerifierServiceClient extends grpc.Client {
  BeginRegistration(argument: _writ_v1_BeginRegistrationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  BeginRegistration(argument: _writ_v1_BeginRegistrationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  BeginRegistration(argument: _writ_v1_BeginRegistrationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  BeginRegistration(argument: _writ_v1_BeginRegistrationRequest, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  beginRegistration(argument: _writ_v1_BeginRegistrationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  beginRegistration(argument: _writ_v1_BeginRegistrationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  beginRegistration(argument: _writ_v1_BeginRegistrationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  beginRegistration(argument: _writ_v1_BeginRegistrationRequest, callback: grpc.requestCallback<_writ_v1_BeginRegistrationResponse__Output>): grpc.ClientUnaryCall;
  
  EndRuntime(argument: _writ_v1_EndRuntimeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  EndRuntime(argument: _writ_v1_EndRuntimeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  EndRuntime(argument: _writ_v1_EndRuntimeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  EndRuntime(argument: _writ_v1_EndRuntimeRequest, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  endRuntime(argument: _writ_v1_EndRuntimeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  endRuntime(argument: _writ_v1_EndRuntimeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  endRuntime(argument: _writ_v1_EndRuntimeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  endRuntime(argument: _writ_v1_EndRuntimeRequest, callback: grpc.requestCallback<_writ_v1_EndRuntimeResponse__Output>): grpc.ClientUnaryCall;
  
  GetRuntime(argument: _writ_v1_GetRuntimeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  GetRuntime(argument: _writ_v1_GetRuntimeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  GetRuntime(argument: _writ_v1_GetRuntimeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  GetRuntime(argument: _writ_v1_GetRuntimeRequest, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  getRuntime(argument: _writ_v1_GetRuntimeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  getRuntime(argument: _writ_v1_GetRuntimeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  getRuntime(argument: _writ_v1_GetRuntimeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  getRuntime(argument: _writ_v1_GetRuntimeRequest, callback: grpc.requestCallback<_writ_v1_GetRuntimeResponse__Output>): grpc.ClientUnaryCall;
  
  Heartbeat(argument: _writ_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _writ_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _writ_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _writ_v1_HeartbeatRequest, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _writ_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _writ_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _writ_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _writ_v1_HeartbeatRequest, callback: grpc.requestCallback<_writ_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  
  HeartbeatStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_HeartbeatStreamRequest, _writ_v1_HeartbeatStreamResponse__Output>;
  HeartbeatStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_HeartbeatStreamRequest, _writ_v1_HeartbeatStreamResponse__Output>;
  heartbeatStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_HeartbeatStreamRequest, _writ_v1_HeartbeatStreamResponse__Output>;
  heartbeatStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_HeartbeatStreamRequest, _writ_v1_HeartbeatStreamResponse__Output>;
  
  ListReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  ListReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  ListReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  ListReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  listReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  listReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  listReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  listReferenceValues(argument: _writ_v1_ListReferenceValuesRequest, callback: grpc.requestCallback<_writ_v1_ListReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  
  ListRuntimes(argument: _writ_v1_ListRuntimesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  ListRuntimes(argument: _writ_v1_ListRuntimesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  ListRuntimes(argument: _writ_v1_ListRuntimesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  ListRuntimes(argument: _writ_v1_ListRuntimesRequest, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  listRuntimes(argument: _writ_v1_ListRuntimesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  listRuntimes(argument: _writ_v1_ListRuntimesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  listRuntimes(argument: _writ_v1_ListRuntimesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  listRuntimes(argument: _writ_v1_ListRuntimesRequest, callback: grpc.requestCallback<_writ_v1_ListRuntimesResponse__Output>): grpc.ClientUnaryCall;
  
  PutReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  PutReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  PutReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  PutReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  putReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  putReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  putReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  putReferenceValues(argument: _writ_v1_PutReferenceValuesRequest, callback: grpc.requestCallback<_writ_v1_PutReferenceValuesResponse__Output>): grpc.ClientUnaryCall;
  
  RegisterRuntime(argument: _writ_v1_RegisterRuntimeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  RegisterRuntime(argument: _writ_v1_RegisterRuntimeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  RegisterRuntime(argument: _writ_v1_RegisterRuntimeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  RegisterRuntime(argument: _writ_v1_RegisterRuntimeRequest, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  registerRuntime(argument: _writ_v1_RegisterRuntimeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  registerRuntime(argument: _writ_v1_RegisterRuntimeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  registerRuntime(argument: _writ_v1_RegisterRuntimeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  registerRuntime(argument: _writ_v1_RegisterRuntimeRequest, callback: grpc.requestCallback<_writ_v1_RegisterRuntimeResponse__Output>): grpc.ClientUnaryCall;
  
  SetRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  SetRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  SetRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  SetRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  setRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  setRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  setRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  setRuntimeState(argument: _writ_v1_SetRuntimeStateRequest, callback: grpc.requestCallback<_writ_v1_SetRuntimeStateResponse__Output>): grpc.ClientUnaryCall;
  
  WatchDirectives(argument: _writ_v1_WatchDirectivesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchDirectivesResponse__Output>;
  WatchDirectives(argument: _writ_v1_WatchDirectivesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchDirectivesResponse__Output>;
  watchDirectives(argument: _writ_v1_WatchDirectivesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchDirectivesResponse__Output>;
  watchDirectives(argument: _writ_v1_WatchDirectivesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_WatchDirectivesResponse__Output>;
  
}

export interface VerifierServiceHandlers extends grpc.UntypedServiceImplementation {
  BeginRegistration: grpc.handleUnaryCall<_writ_v1_BeginRegistrationRequest__Output, _writ_v1_BeginRegistrationResponse>;
  
  EndRuntime: grpc.handleUnaryCall<_writ_v1_EndRuntimeRequest__Output, _writ_v1_EndRuntimeResponse>;
  
  GetRuntime: grpc.handleUnaryCall<_writ_v1_GetRuntimeRequest__Output, _writ_v1_GetRuntimeResponse>;
  
  Heartbeat: grpc.handleUnaryCall<_writ_v1_HeartbeatRequest__Output, _writ_v1_HeartbeatResponse>;
  
  HeartbeatStream: grpc.handleBidiStreamingCall<_writ_v1_HeartbeatStreamRequest__Output, _writ_v1_HeartbeatStreamResponse>;
  
  ListReferenceValues: grpc.handleUnaryCall<_writ_v1_ListReferenceValuesRequest__Output, _writ_v1_ListReferenceValuesResponse>;
  
  ListRuntimes: grpc.handleUnaryCall<_writ_v1_ListRuntimesRequest__Output, _writ_v1_ListRuntimesResponse>;
  
  PutReferenceValues: grpc.handleUnaryCall<_writ_v1_PutReferenceValuesRequest__Output, _writ_v1_PutReferenceValuesResponse>;
  
  RegisterRuntime: grpc.handleUnaryCall<_writ_v1_RegisterRuntimeRequest__Output, _writ_v1_RegisterRuntimeResponse>;
  
  SetRuntimeState: grpc.handleUnaryCall<_writ_v1_SetRuntimeStateRequest__Output, _writ_v1_SetRuntimeStateResponse>;
  
  WatchDirectives: grpc.handleServerStreamingCall<_writ_v1_WatchDirectivesRequest__Output, _writ_v1_WatchDirectivesResponse>;
  
}

export interface VerifierServiceDefinition extends grpc.ServiceDefinition {
  BeginRegistration: MethodDefinition<_writ_v1_BeginRegistrationRequest, _writ_v1_BeginRegistrationResponse, _writ_v1_BeginRegistrationRequest__Output, _writ_v1_BeginRegistrationResponse__Output>
  EndRuntime: MethodDefinition<_writ_v1_EndRuntimeRequest, _writ_v1_EndRuntimeResponse, _writ_v1_EndRuntimeRequest__Output, _writ_v1_EndRuntimeResponse__Output>
  GetRuntime: MethodDefinition<_writ_v1_GetRuntimeRequest, _writ_v1_GetRuntimeResponse, _writ_v1_GetRuntimeRequest__Output, _writ_v1_GetRuntimeResponse__Output>
  Heartbeat: MethodDefinition<_writ_v1_HeartbeatRequest, _writ_v1_HeartbeatResponse, _writ_v1_HeartbeatRequest__Output, _writ_v1_HeartbeatResponse__Output>
  HeartbeatStream: MethodDefinition<_writ_v1_HeartbeatStreamRequest, _writ_v1_HeartbeatStreamResponse, _writ_v1_HeartbeatStreamRequest__Output, _writ_v1_HeartbeatStreamResponse__Output>
  ListReferenceValues: MethodDefinition<_writ_v1_ListReferenceValuesRequest, _writ_v1_ListReferenceValuesResponse, _writ_v1_ListReferenceValuesRequest__Output, _writ_v1_ListReferenceValuesResponse__Output>
  ListRuntimes: MethodDefinition<_writ_v1_ListRuntimesRequest, _writ_v1_ListRuntimesResponse, _writ_v1_ListRuntimesRequest__Output, _writ_v1_ListRuntimesResponse__Output>
  PutReferenceValues: MethodDefinition<_writ_v1_PutReferenceValuesRequest, _writ_v1_PutReferenceValuesResponse, _writ_v1_PutReferenceValuesRequest__Output, _writ_v1_PutReferenceValuesResponse__Output>
  RegisterRuntime: MethodDefinition<_writ_v1_RegisterRuntimeRequest, _writ_v1_RegisterRuntimeResponse, _writ_v1_RegisterRuntimeRequest__Output, _writ_v1_RegisterRuntimeResponse__Output>
  SetRuntimeState: MethodDefinition<_writ_v1_SetRuntimeStateRequest, _writ_v1_SetRuntimeStateResponse, _writ_v1_SetRuntimeStateRequest__Output, _writ_v1_SetRuntimeStateResponse__Output>
  WatchDirectives: MethodDefinition<_writ_v1_WatchDirectivesRequest, _writ_v1_WatchDirectivesResponse, _writ_v1_WatchDirectivesRequest__Output, _writ_v1_WatchDirectivesResponse__Output>
}
