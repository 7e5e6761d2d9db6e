// Original file: proto/writ/v1/verifier.proto

import type { Measurements as _writ_v1_Measurements, Measurements__Output as _writ_v1_Measurements__Output } from '../../writ/v1/Measurements.ts';
import type { Environment as _writ_v1_Environment, Environment__Output as _writ_v1_Environment__Output } from '../../writ/v1/Environment.ts';

export interface RegisterRuntimeRequest {
  'runtime_id'?: (string);
  'public_key'?: (Buffer | Uint8Array | string);
  'nonce'?: (Buffer | Uint8Array | string);
  'audience'?: (string);
  'measurements'?: (_writ_v1_Measurements | null);
  'environment'?: (_writ_v1_Environment | null);
  'parent_runtime_id'?: (string);
  'parent_proof'?: (string);
  'agent_version'?: (string);
  'proof'?: (Buffer | Uint8Array | string);
}

export interface RegisterRuntimeRequest__Output {
  'runtime_id': (string);
  'public_key': (Buffer);
  'nonce': (Buffer);
  'audience': (string);
  'measurements': (_writ_v1_Measurements__Output | null);
  'environment': (_writ_v1_Environment__Output | null);
  'parent_runtime_id': (string);
  'parent_proof': (string);
  'agent_version': (string);
  'proof': (Buffer);
}
