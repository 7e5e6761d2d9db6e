// Original file: proto/writ/v1/policy.proto

import type { BundleFile as _writ_v1_BundleFile, BundleFile__Output as _writ_v1_BundleFile__Output } from '../../writ/v1/BundleFile.ts';

export interface PublishBundleRequest {
  'files'?: (_writ_v1_BundleFile)[];
  'envelope'?: (Buffer | Uint8Array | string);
  'comment'?: (string);
}

export interface PublishBundleRequest__Output {
  'files': (_writ_v1_BundleFile__Output)[];
  'envelope': (Buffer);
  'comment': (string);
}
