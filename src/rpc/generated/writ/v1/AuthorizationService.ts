// Original file: proto/writ/v1/authorization.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AuthorizeBatchRequest as _writ_v1_AuthorizeBatchRequest, AuthorizeBatchRequest__Output as _writ_v1_AuthorizeBatchRequest__Output } from '../../writ/v1/AuthorizeBatchRequest.ts';
import type { AuthorizeBatchResponse as _writ_v1_AuthorizeBatchResponse, AuthorizeBatchResponse__Output as _writ_v1_AuthorizeBatchResponse__Output } from '../../writ/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeRequest as _writ_v1_AuthorizeRequest, AuthorizeRequest__Output as _writ_v1_AuthorizeRequest__Output } from '../../writ/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse as _writ_v1_AuthorizeResponse, AuthorizeResponse__Output as _writ_v1_AuthorizeResponse__Output } from '../../writ/v1/AuthorizeResponse.ts';
import type { AuthorizeStreamRequest as _writ_v1_AuthorizeStreamRequest, AuthorizeStreamRequest__Output as _writ_v1_AuthorizeStreamRequest__Output } from '../../writ/v1/AuthorizeStreamRequest.ts';
import type { AuthorizeStreamResponse as _writ_v1_AuthorizeStreamResponse, AuthorizeStreamResponse__Output as _writ_v1_AuthorizeStreamResponse__Output } from '../../writ/v1/AuthorizeStreamResponse.ts';
import type { CompleteExecutionRequest as _writ_v1_CompleteExecutionRequest, CompleteExecutionRequest__Output as _writ_v1_CompleteExecutionRequest__Output } from '../../writ/v1/CompleteExecutionRequest.ts';
import type { CompleteExecutionResponse as _writ_v1_CompleteExecutionResponse, CompleteExecutionResponse__Output as _writ_v1_CompleteExecutionResponse__Output } from '../../writ/v1/CompleteExecutionResponse.ts';
import type { DecideApprovalRequest as _writ_v1_DecideApprovalRequest, DecideApprovalRequest__Output as _writ_v1_DecideApprovalRequest__Output } from '../../writ/v1/DecideApprovalRequest.ts';
import type { DecideApprovalResponse as _writ_v1_DecideApprovalResponse, DecideApprovalResponse__Output as _writ_v1_DecideApprovalResponse__Output } from '../../writ/v1/DecideApprovalResponse.ts';
import type { EvaluateRequest as _writ_v1_EvaluateRequest, EvaluateRequest__Output as _writ_v1_EvaluateRequest__Output } from '../../writ/v1/EvaluateRequest.ts';
import type { EvaluateResponse as _writ_v1_EvaluateResponse, EvaluateResponse__Output as _writ_v1_EvaluateResponse__Output } from '../../writ/v1/EvaluateResponse.ts';
import type { GetExecutionRequest as _writ_v1_GetExecutionRequest, GetExecutionRequest__Output as _writ_v1_GetExecutionRequest__Output } from '../../writ/v1/GetExecutionRequest.ts';
import type { GetExecutionResponse as _writ_v1_GetExecutionResponse, GetExecutionResponse__Output as _writ_v1_GetExecutionResponse__Output } from '../../writ/v1/GetExecutionResponse.ts';
import type { ListApprovalsRequest as _writ_v1_ListApprovalsRequest, ListApprovalsRequest__Output as _writ_v1_ListApprovalsRequest__Output } from '../../writ/v1/ListApprovalsRequest.ts';
import type { ListApprovalsResponse as _writ_v1_ListApprovalsResponse, ListApprovalsResponse__Output as _writ_v1_ListApprovalsResponse__Output } from '../../writ/v1/ListApprovalsResponse.ts';
import type { ListExecutionsRequest as _writ_v1_ListExecutionsRequest, ListExecutionsRequest__Output as _writ_v1_ListExecutionsRequest__Output } from '../../writ/v1/ListExecutionsRequest.ts';
import type { ListExecutionsResponse as _writ_v1_ListExecutionsResponse, ListExecutionsResponse__Output as _writ_v1_ListExecutionsResponse__Output } from '../../writ/v1/ListExecutionsResponse.ts';
import type { RedeemTokenRequest as _writ_v1_RedeemTokenRequest, RedeemTokenRequest__Output as _writ_v1_RedeemTokenRequest__Output } from '../../writ/v1/RedeemTokenRequest.ts';
import type { RedeemTokenResponse as _writ_v1_RedeemTokenResponse, RedeemTokenResponse__Output as _writ_v1_RedeemTokenResponse__Output } from '../../writ/v1/RedeemTokenResponse.ts';
import type { RevokeExecutionRequest as _writ_v1_RevokeExecutionRequest, RevokeExecutionRequest__Output as _writ_v1_RevokeExecutionRequest__Output } from '../../writ/v1/RevokeExecutionRequest.ts';
import type { RevokeExecutionResponse as _writ_v1_RevokeExecutionResponse, RevokeExecutionResponse__Output as _writ_v1_RevokeExecutionResponse__Output } from '../../writ/v1/RevokeExecutionResponse.ts';
import type { StartExecutionRequest as _writ_v1_StartExecutionRequest, StartExecutionRequest__Output as _writ_v1_StartExecutionRequest__Output } from '../../writ/v1/StartExecutionRequest.ts';
import type { StartExecutionResponse as _writ_v1_StartExecutionResponse, StartExecutionResponse__Output as _writ_v1_StartExecutionResponse__Output } from '../../writ/v1/StartExecutionResponse.ts';
import type { VerifyTokenRequest as _writ_v1_VerifyTokenRequest, VerifyTokenRequest__Output as _writ_v1_VerifyTokenRequest__Output } from '../../writ/v1/VerifyTokenRequest.ts';
import type { VerifyTokenResponse as _writ_v1_VerifyTokenResponse, VerifyTokenResponse__Output as _writ_v1_VerifyTokenResponse__Output } from '../../writ/v1/VerifyTokenResponse.ts';

export interface AuthorizationServiceClient extends grpc.Client {
  Authorize(argument: _writ_v1_AuthorizeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  Authorize(argument: _writ_v1_AuthorizeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  Authorize(argument: _writ_v1_AuthorizeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  Authorize(argument: _writ_v1_AuthorizeRequest, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _writ_v1_AuthorizeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _writ_v1_AuthorizeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _writ_v1_AuthorizeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _writ_v1_AuthorizeRequest, callback: grpc.requestCallback<_writ_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  
  AuthorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  AuthorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  AuthorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  AuthorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _writ_v1_AuthorizeBatchRequest, callback: grpc.requestCallback<_writ_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  
  AuthorizeStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_AuthorizeStreamRequest, _writ_v1_AuthorizeStreamResponse__Output>;
  AuthorizeStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_AuthorizeStreamRequest, _writ_v1_AuthorizeStreamResponse__Output>;
  authorizeStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_AuthorizeStreamRequest, _writ_v1_AuthorizeStreamResponse__Output>;
  authorizeStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_writ_v1_AuthorizeStreamRequest, _writ_v1_AuthorizeStreamResponse__Output>;
  
  CompleteExecution(argument: _writ_v1_CompleteExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  CompleteExecution(argument: _writ_v1_CompleteExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  CompleteExecution(argument: _writ_v1_CompleteExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  CompleteExecution(argument: _writ_v1_CompleteExecutionRequest, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  completeExecution(argument: _writ_v1_CompleteExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  completeExecution(argument: _writ_v1_CompleteExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  completeExecution(argument: _writ_v1_CompleteExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  completeExecution(argument: _writ_v1_CompleteExecutionRequest, callback: grpc.requestCallback<_writ_v1_CompleteExecutionResponse__Output>): grpc.ClientUnaryCall;
  
  DecideApproval(argument: _writ_v1_DecideApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  DecideApproval(argument: _writ_v1_DecideApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  DecideApproval(argument: _writ_v1_DecideApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  DecideApproval(argument: _writ_v1_DecideApprovalRequest, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  decideApproval(argument: _writ_v1_DecideApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  decideApproval(argument: _writ_v1_DecideApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  decideApproval(argument: _writ_v1_DecideApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  decideApproval(argument: _writ_v1_DecideApprovalRequest, callback: grpc.requestCallback<_writ_v1_DecideApprovalResponse__Output>): grpc.ClientUnaryCall;
  
  Evaluate(argument: _writ_v1_EvaluateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  Evaluate(argument: _writ_v1_EvaluateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  Evaluate(argument: _writ_v1_EvaluateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  Evaluate(argument: _writ_v1_EvaluateRequest, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  evaluate(argument: _writ_v1_EvaluateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  evaluate(argument: _writ_v1_EvaluateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  evaluate(argument: _writ_v1_EvaluateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  evaluate(argument: _writ_v1_EvaluateRequest, callback: grpc.requestCallback<_writ_v1_EvaluateResponse__Output>): grpc.ClientUnaryCall;
  
  GetExecution(argument: _writ_v1_GetExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  GetExecution(argument: _writ_v1_GetExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  GetExecution(argument: _writ_v1_GetExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  GetExecution(argument: _writ_v1_GetExecutionRequest, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  getExecution(argument: _writ_v1_GetExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  getExecution(argument: _writ_v1_GetExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  getExecution(argument: _writ_v1_GetExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  getExecution(argument: _writ_v1_GetExecutionRequest, callback: grpc.requestCallback<_writ_v1_GetExecutionResponse__Output>): grpc.ClientUnaryCall;
  
  ListApprovals(argument: _writ_v1_ListApprovalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  ListApprovals(argument: _writ_v1_ListApprovalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  ListApprovals(argument: _writ_v1_ListApprovalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  ListApprovals(argument: _writ_v1_ListApprovalsRequest, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _writ_v1_ListApprovalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _writ_v1_ListApprovalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _writ_v1_ListApprovalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _writ_v1_ListApprovalsRequest, callback: grpc.requestCallback<_writ_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  
  ListExecutions(argument: _writ_v1_ListExecutionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  ListExecutions(argument: _writ_v1_ListExecutionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  ListExecutions(argument: _writ_v1_ListExecutionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  ListExecutions(argument: _writ_v1_ListExecutionsRequest, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  listExecutions(argument: _writ_v1_ListExecutionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  listExecutions(argument: _writ_v1_ListExecutionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  listExecutions(argument: _writ_v1_ListExecutionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  listExecutions(argument: _writ_v1_ListExecutionsRequest, callback: grpc.requestCallback<_writ_v1_ListExecutionsResponse__Output>): grpc.ClientUnaryCall;
  
  RedeemToken(argument: _writ_v1_RedeemTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  RedeemToken(argument: _writ_v1_RedeemTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  RedeemToken(argument: _writ_v1_RedeemTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  RedeemToken(argument: _writ_v1_RedeemTokenRequest, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  redeemToken(argument: _writ_v1_RedeemTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  redeemToken(argument: _writ_v1_RedeemTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  redeemToken(argument: _writ_v1_RedeemTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  redeemToken(argument: _writ_v1_RedeemTokenRequest, callback: grpc.requestCallback<_writ_v1_RedeemTokenResponse__Output>): grpc.ClientUnaryCall;
  
  RevokeExecution(argument: _writ_v1_RevokeExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  RevokeExecution(argument: _writ_v1_RevokeExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  RevokeExecution(argument: _writ_v1_RevokeExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  RevokeExecution(argument: _writ_v1_RevokeExecutionRequest, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  revokeExecution(argument: _writ_v1_RevokeExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  revokeExecution(argument: _writ_v1_RevokeExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  revokeExecution(argument: _writ_v1_RevokeExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  revokeExecution(argument: _writ_v1_RevokeExecutionRequest, callback: grpc.requestCallback<_writ_v1_RevokeExecutionResponse__Output>): grpc.ClientUnaryCall;
  
  StartExecution(argument: _writ_v1_StartExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  StartExecution(argument: _writ_v1_StartExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  StartExecution(argument: _writ_v1_StartExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  StartExecution(argument: _writ_v1_StartExecutionRequest, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  startExecution(argument: _writ_v1_StartExecutionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  startExecution(argument: _writ_v1_StartExecutionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  startExecution(argument: _writ_v1_StartExecutionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  startExecution(argument: _writ_v1_StartExecutionRequest, callback: grpc.requestCallback<_writ_v1_StartExecutionResponse__Output>): grpc.ClientUnaryCall;
  
  VerifyToken(argument: _writ_v1_VerifyTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  VerifyToken(argument: _writ_v1_VerifyTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  VerifyToken(argument: _writ_v1_VerifyTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  VerifyToken(argument: _writ_v1_VerifyTokenRequest, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  verifyToken(argument: _writ_v1_VerifyTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  verifyToken(argument: _writ_v1_VerifyTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  verifyToken(argument: _writ_v1_VerifyTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  verifyToken(argument: _writ_v1_VerifyTokenRequest, callback: grpc.requestCallback<_writ_v1_VerifyTokenResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface AuthorizationServiceHandlers extends grpc.UntypedServiceImplementation {
  Authorize: grpc.handleUnaryCall<_writ_v1_AuthorizeRequest__Output, _writ_v1_AuthorizeResponse>;
  
  AuthorizeBatch: grpc.handleUnaryCall<_writ_v1_AuthorizeBatchRequest__Output, _writ_v1_AuthorizeBatchResponse>;
  
  AuthorizeStream: grpc.handleBidiStreamingCall<_writ_v1_AuthorizeStreamRequest__Output, _writ_v1_AuthorizeStreamResponse>;
  
  CompleteExecution: grpc.handleUnaryCall<_writ_v1_CompleteExecutionRequest__Output, _writ_v1_CompleteExecutionResponse>;
  
  DecideApproval: grpc.handleUnaryCall<_writ_v1_DecideApprovalRequest__Output, _writ_v1_DecideApprovalResponse>;
  
  Evaluate: grpc.handleUnaryCall<_writ_v1_EvaluateRequest__Output, _writ_v1_EvaluateResponse>;
  
  GetExecution: grpc.handleUnaryCall<_writ_v1_GetExecutionRequest__Output, _writ_v1_GetExecutionResponse>;
  
  ListApprovals: grpc.handleUnaryCall<_writ_v1_ListApprovalsRequest__Output, _writ_v1_ListApprovalsResponse>;
  
  ListExecutions: grpc.handleUnaryCall<_writ_v1_ListExecutionsRequest__Output, _writ_v1_ListExecutionsResponse>;
  
  RedeemToken: grpc.handleUnaryCall<_writ_v1_RedeemTokenRequest__Output, _writ_v1_RedeemTokenResponse>;
  
  RevokeExecution: grpc.handleUnaryCall<_writ_v1_RevokeExecutionRequest__Output, _writ_v1_RevokeExecutionResponse>;
  
  StartExecution: grpc.handleUnaryCall<_writ_v1_StartExecutionRequest__Output, _writ_v1_StartExecutionResponse>;
  
  VerifyToken: grpc.handleUnaryCall<_writ_v1_VerifyTokenRequest__Output, _writ_v1_VerifyTokenResponse>;
  
}

export interface AuthorizationServiceDefinition extends grpc.ServiceDefinition {
  Authorize: MethodDefinition<_writ_v1_AuthorizeRequest, _writ_v1_AuthorizeResponse, _writ_v1_AuthorizeRequest__Output, _writ_v1_AuthorizeResponse__Output>
  AuthorizeBatch: MethodDefinition<_writ_v1_AuthorizeBatchRequest, _writ_v1_AuthorizeBatchResponse, _writ_v1_AuthorizeBatchRequest__Output, _writ_v1_AuthorizeBatchResponse__Output>
  AuthorizeStream: MethodDefinition<_writ_v1_AuthorizeStreamRequest, _writ_v1_AuthorizeStreamResponse, _writ_v1_AuthorizeStreamRequest__Output, _writ_v1_AuthorizeStreamResponse__Output>
  CompleteExecution: MethodDefinition<_writ_v1_CompleteExecutionRequest, _writ_v1_CompleteExecutionResponse, _writ_v1_CompleteExecutionRequest__Output, _writ_v1_CompleteExecutionResponse__Output>
  DecideApproval: MethodDefinition<_writ_v1_DecideApprovalRequest, _writ_v1_DecideApprovalResponse, _writ_v1_DecideApprovalRequest__Output, _writ_v1_DecideApprovalResponse__Output>
  Evaluate: MethodDefinition<_writ_v1_EvaluateRequest, _writ_v1_EvaluateResponse, _writ_v1_EvaluateRequest__Output, _writ_v1_EvaluateResponse__Output>
  GetExecution: MethodDefinition<_writ_v1_GetExecutionRequest, _writ_v1_GetExecutionResponse, _writ_v1_GetExecutionRequest__Output, _writ_v1_GetExecutionResponse__Output>
  ListApprovals: MethodDefinition<_writ_v1_ListApprovalsRequest, _writ_v1_ListApprovalsResponse, _writ_v1_ListApprovalsRequest__Output, _writ_v1_ListApprovalsResponse__Output>
  ListExecutions: MethodDefinition<_writ_v1_ListExecutionsRequest, _writ_v1_ListExecutionsResponse, _writ_v1_ListExecutionsRequest__Output, _writ_v1_ListExecutionsResponse__Output>
  RedeemToken: MethodDefinition<_writ_v1_RedeemTokenRequest, _writ_v1_RedeemTokenResponse, _writ_v1_RedeemTokenRequest__Output, _writ_v1_RedeemTokenResponse__Output>
  RevokeExecution: MethodDefinition<_writ_v1_RevokeExecutionRequest, _writ_v1_RevokeExecutionResponse, _writ_v1_RevokeExecutionRequest__Output, _writ_v1_RevokeExecutionResponse__Output>
  StartExecution: MethodDefinition<_writ_v1_StartExecutionRequest, _writ_v1_StartExecutionResponse, _writ_v1_StartExecutionRequest__Output, _writ_v1_StartExecutionResponse__Output>
  VerifyToken: MethodDefinition<_writ_v1_VerifyTokenRequest, _writ_v1_VerifyTokenResponse, _writ_v1_VerifyTokenRequest__Output, _writ_v1_VerifyTokenResponse__Output>
}
