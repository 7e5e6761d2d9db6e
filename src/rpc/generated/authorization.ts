import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Any as _google_protobuf_Any, Any__Output as _google_protobuf_Any__Output } from './google/protobuf/Any.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.ts';
import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from './google/rpc/Status.ts';
import type { Action as _writ_v1_Action, Action__Output as _writ_v1_Action__Output } from './writ/v1/Action.ts';
import type { Approval as _writ_v1_Approval, Approval__Output as _writ_v1_Approval__Output } from './writ/v1/Approval.ts';
import type { AuthorizationServiceClient as _writ_v1_AuthorizationServiceClient, AuthorizationServiceDefinition as _writ_v1_AuthorizationServiceDefinition } from './writ/v1/AuthorizationService.ts';
import type { AuthorizeBatchRequest as _writ_v1_AuthorizeBatchRequest, AuthorizeBatchRequest__Output as _writ_v1_AuthorizeBatchRequest__Output } from './writ/v1/AuthorizeBatchRequest.ts';
import type { AuthorizeBatchResponse as _writ_v1_AuthorizeBatchResponse, AuthorizeBatchResponse__Output as _writ_v1_AuthorizeBatchResponse__Output } from './writ/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeBatchResult as _writ_v1_AuthorizeBatchResult, AuthorizeBatchResult__Output as _writ_v1_AuthorizeBatchResult__Output } from './writ/v1/AuthorizeBatchResult.ts';
import type { AuthorizeRequest as _writ_v1_AuthorizeRequest, AuthorizeRequest__Output as _writ_v1_AuthorizeRequest__Output } from './writ/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse as _writ_v1_AuthorizeResponse, AuthorizeResponse__Output as _writ_v1_AuthorizeResponse__Output } from './writ/v1/AuthorizeResponse.ts';
import type { AuthorizeStreamRequest as _writ_v1_AuthorizeStreamRequest, AuthorizeStreamRequest__Output as _writ_v1_AuthorizeStreamRequest__Output } from './writ/v1/AuthorizeStreamRequest.ts';
import type { AuthorizeStreamResponse as _writ_v1_AuthorizeStreamResponse, AuthorizeStreamResponse__Output as _writ_v1_AuthorizeStreamResponse__Output } from './writ/v1/AuthorizeStreamResponse.ts';
import type { Check as _writ_v1_Check, Check__Output as _writ_v1_Check__Output } from './writ/v1/Check.ts';
import type { CompleteExecutionRequest as _writ_v1_CompleteExecutionRequest, CompleteExecutionRequest__Output as _writ_v1_CompleteExecutionRequest__Output } from './writ/v1/CompleteExecutionRequest.ts';
import type { CompleteExecutionResponse as _writ_v1_CompleteExecutionResponse, CompleteExecutionResponse__Output as _writ_v1_CompleteExecutionResponse__Output } from './writ/v1/CompleteExecutionResponse.ts';
import type { DecideApprovalRequest as _writ_v1_DecideApprovalRequest, DecideApprovalRequest__Output as _writ_v1_DecideApprovalRequest__Output } from './writ/v1/DecideApprovalRequest.ts';
import type { DecideApprovalResponse as _writ_v1_DecideApprovalResponse, DecideApprovalResponse__Output as _writ_v1_DecideApprovalResponse__Output } from './writ/v1/DecideApprovalResponse.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from './writ/v1/Entity.ts';
import type { EvaluateRequest as _writ_v1_EvaluateRequest, EvaluateRequest__Output as _writ_v1_EvaluateRequest__Output } from './writ/v1/EvaluateRequest.ts';
import type { EvaluateResponse as _writ_v1_EvaluateResponse, EvaluateResponse__Output as _writ_v1_EvaluateResponse__Output } from './writ/v1/EvaluateResponse.ts';
import type { Execution as _writ_v1_Execution, Execution__Output as _writ_v1_Execution__Output } from './writ/v1/Execution.ts';
import type { ExplainedCondition as _writ_v1_ExplainedCondition, ExplainedCondition__Output as _writ_v1_ExplainedCondition__Output } from './writ/v1/ExplainedCondition.ts';
import type { ExplainedPart as _writ_v1_ExplainedPart, ExplainedPart__Output as _writ_v1_ExplainedPart__Output } from './writ/v1/ExplainedPart.ts';
import type { GetExecutionRequest as _writ_v1_GetExecutionRequest, GetExecutionRequest__Output as _writ_v1_GetExecutionRequest__Output } from './writ/v1/GetExecutionRequest.ts';
import type { GetExecutionResponse as _writ_v1_GetExecutionResponse, GetExecutionResponse__Output as _writ_v1_GetExecutionResponse__Output } from './writ/v1/GetExecutionResponse.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from './writ/v1/LedgerReceipt.ts';
import type { ListApprovalsRequest as _writ_v1_ListApprovalsRequest, ListApprovalsRequest__Output as _writ_v1_ListApprovalsRequest__Output } from './writ/v1/ListApprovalsRequest.ts';
import type { ListApprovalsResponse as _writ_v1_ListApprovalsResponse, ListApprovalsResponse__Output as _writ_v1_ListApprovalsResponse__Output } from './writ/v1/ListApprovalsResponse.ts';
import type { ListExecutionsRequest as _writ_v1_ListExecutionsRequest, ListExecutionsRequest__Output as _writ_v1_ListExecutionsRequest__Output } from './writ/v1/ListExecutionsRequest.ts';
import type { ListExecutionsResponse as _writ_v1_ListExecutionsResponse, ListExecutionsResponse__Output as _writ_v1_ListExecutionsResponse__Output } from './writ/v1/ListExecutionsResponse.ts';
import type { Obligation as _writ_v1_Obligation, Obligation__Output as _writ_v1_Obligation__Output } from './writ/v1/Obligation.ts';
import type { PhaseTimes as _writ_v1_PhaseTimes, PhaseTimes__Output as _writ_v1_PhaseTimes__Output } from './writ/v1/PhaseTimes.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from './writ/v1/Reason.ts';
import type { RedeemTokenRequest as _writ_v1_RedeemTokenRequest, RedeemTokenRequest__Output as _writ_v1_RedeemTokenRequest__Output } from './writ/v1/RedeemTokenRequest.ts';
import type { RedeemTokenResponse as _writ_v1_RedeemTokenResponse, RedeemTokenResponse__Output as _writ_v1_RedeemTokenResponse__Output } from './writ/v1/RedeemTokenResponse.ts';
import type { RevokeExecutionRequest as _writ_v1_RevokeExecutionRequest, RevokeExecutionRequest__Output as _writ_v1_RevokeExecutionRequest__Output } from './writ/v1/RevokeExecutionRequest.ts';
import type { RevokeExecutionResponse as _writ_v1_RevokeExecutionResponse, RevokeExecutionResponse__Output as _writ_v1_RevokeExecutionResponse__Output } from './writ/v1/RevokeExecutionResponse.ts';
import type { Risk as _writ_v1_Risk, Risk__Output as _writ_v1_Risk__Output } from './writ/v1/Risk.ts';
import type { RuleTrace as _writ_v1_RuleTrace, RuleTrace__Output as _writ_v1_RuleTrace__Output } from './writ/v1/RuleTrace.ts';
import type { StartExecutionRequest as _writ_v1_StartExecutionRequest, StartExecutionRequest__Output as _writ_v1_StartExecutionRequest__Output } from './writ/v1/StartExecutionRequest.ts';
import type { StartExecutionResponse as _writ_v1_StartExecutionResponse, StartExecutionResponse__Output as _writ_v1_StartExecutionResponse__Output } from './writ/v1/StartExecutionResponse.ts';
import type { Termination as _writ_v1_Termination, Termination__Output as _writ_v1_Termination__Output } from './writ/v1/Termination.ts';
import type { VerifyTokenRequest as _writ_v1_VerifyTokenRequest, VerifyTokenRequest__Output as _writ_v1_VerifyTokenRequest__Output } from './writ/v1/VerifyTokenRequest.ts';
import type { VerifyTokenResponse as _writ_v1_VerifyTokenResponse, VerifyTokenResponse__Output as _writ_v1_VerifyTokenResponse__Output } from './writ/v1/VerifyTokenResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Any: MessageTypeDefinition<_google_protobuf_Any, _google_protobuf_Any__Output>
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
    rpc: {
      Status: MessageTypeDefinition<_google_rpc_Status, _google_rpc_Status__Output>
    }
  }
  writ: {
    v1: {
      Action: MessageTypeDefinition<_writ_v1_Action, _writ_v1_Action__Output>
      Approval: MessageTypeDefinition<_writ_v1_Approval, _writ_v1_Approval__Output>
      AuthorizationService: SubtypeConstructor<typeof grpc.Client, _writ_v1_AuthorizationServiceClient> & { service: _writ_v1_AuthorizationServiceDefinition }
      AuthorizeBatchRequest: MessageTypeDefinition<_writ_v1_AuthorizeBatchRequest, _writ_v1_AuthorizeBatchRequest__Output>
      AuthorizeBatchResponse: MessageTypeDefinition<_writ_v1_AuthorizeBatchResponse, _writ_v1_AuthorizeBatchResponse__Output>
      AuthorizeBatchResult: MessageTypeDefinition<_writ_v1_AuthorizeBatchResult, _writ_v1_AuthorizeBatchResult__Output>
      AuthorizeRequest: MessageTypeDefinition<_writ_v1_AuthorizeRequest, _writ_v1_AuthorizeRequest__Output>
      AuthorizeResponse: MessageTypeDefinition<_writ_v1_AuthorizeResponse, _writ_v1_AuthorizeResponse__Output>
      AuthorizeStreamRequest: MessageTypeDefinition<_writ_v1_AuthorizeStreamRequest, _writ_v1_AuthorizeStreamRequest__Output>
      AuthorizeStreamResponse: MessageTypeDefinition<_writ_v1_AuthorizeStreamResponse, _writ_v1_AuthorizeStreamResponse__Output>
      Check: MessageTypeDefinition<_writ_v1_Check, _writ_v1_Check__Output>
      CheckStatus: EnumTypeDefinition
      CompleteExecutionRequest: MessageTypeDefinition<_writ_v1_CompleteExecutionRequest, _writ_v1_CompleteExecutionRequest__Output>
      CompleteExecutionResponse: MessageTypeDefinition<_writ_v1_CompleteExecutionResponse, _writ_v1_CompleteExecutionResponse__Output>
      DecideApprovalRequest: MessageTypeDefinition<_writ_v1_DecideApprovalRequest, _writ_v1_DecideApprovalRequest__Output>
      DecideApprovalResponse: MessageTypeDefinition<_writ_v1_DecideApprovalResponse, _writ_v1_DecideApprovalResponse__Output>
      Decision: EnumTypeDefinition
      Entity: MessageTypeDefinition<_writ_v1_Entity, _writ_v1_Entity__Output>
      EvaluateRequest: MessageTypeDefinition<_writ_v1_EvaluateRequest, _writ_v1_EvaluateRequest__Output>
      EvaluateResponse: MessageTypeDefinition<_writ_v1_EvaluateResponse, _writ_v1_EvaluateResponse__Output>
      Execution: MessageTypeDefinition<_writ_v1_Execution, _writ_v1_Execution__Output>
      ExecutionState: EnumTypeDefinition
      ExplainedCondition: MessageTypeDefinition<_writ_v1_ExplainedCondition, _writ_v1_ExplainedCondition__Output>
      ExplainedPart: MessageTypeDefinition<_writ_v1_ExplainedPart, _writ_v1_ExplainedPart__Output>
      GetExecutionRequest: MessageTypeDefinition<_writ_v1_GetExecutionRequest, _writ_v1_GetExecutionRequest__Output>
      GetExecutionResponse: MessageTypeDefinition<_writ_v1_GetExecutionResponse, _writ_v1_GetExecutionResponse__Output>
      Isolation: EnumTypeDefinition
      LedgerReceipt: MessageTypeDefinition<_writ_v1_LedgerReceipt, _writ_v1_LedgerReceipt__Output>
      ListApprovalsRequest: MessageTypeDefinition<_writ_v1_ListApprovalsRequest, _writ_v1_ListApprovalsRequest__Output>
      ListApprovalsResponse: MessageTypeDefinition<_writ_v1_ListApprovalsResponse, _writ_v1_ListApprovalsResponse__Output>
      ListExecutionsRequest: MessageTypeDefinition<_writ_v1_ListExecutionsRequest, _writ_v1_ListExecutionsRequest__Output>
      ListExecutionsResponse: MessageTypeDefinition<_writ_v1_ListExecutionsResponse, _writ_v1_ListExecutionsResponse__Output>
      Obligation: MessageTypeDefinition<_writ_v1_Obligation, _writ_v1_Obligation__Output>
      PhaseTimes: MessageTypeDefinition<_writ_v1_PhaseTimes, _writ_v1_PhaseTimes__Output>
      Reason: MessageTypeDefinition<_writ_v1_Reason, _writ_v1_Reason__Output>
      RedeemTokenRequest: MessageTypeDefinition<_writ_v1_RedeemTokenRequest, _writ_v1_RedeemTokenRequest__Output>
      RedeemTokenResponse: MessageTypeDefinition<_writ_v1_RedeemTokenResponse, _writ_v1_RedeemTokenResponse__Output>
      RevokeExecutionRequest: MessageTypeDefinition<_writ_v1_RevokeExecutionRequest, _writ_v1_RevokeExecutionRequest__Output>
      RevokeExecutionResponse: MessageTypeDefinition<_writ_v1_RevokeExecutionResponse, _writ_v1_RevokeExecutionResponse__Output>
      Risk: MessageTypeDefinition<_writ_v1_Risk, _writ_v1_Risk__Output>
      RuleTrace: MessageTypeDefinition<_writ_v1_RuleTrace, _writ_v1_RuleTrace__Output>
      StartExecutionRequest: MessageTypeDefinition<_writ_v1_StartExecutionRequest, _writ_v1_StartExecutionRequest__Output>
      StartExecutionResponse: MessageTypeDefinition<_writ_v1_StartExecutionResponse, _writ_v1_StartExecutionResponse__Output>
      Termination: MessageTypeDefinition<_writ_v1_Termination, _writ_v1_Termination__Output>
      TerminationCause: EnumTypeDefinition
      VerifyTokenRequest: MessageTypeDefinition<_writ_v1_VerifyTokenRequest, _writ_v1_VerifyTokenRequest__Output>
      VerifyTokenResponse: MessageTypeDefinition<_writ_v1_VerifyTokenResponse, _writ_v1_VerifyTokenResponse__Output>
    }
  }
}

