// Original file: proto/writ/v1/lineage.proto

import type { Log as _writ_v1_Log, Log__Output as _writ_v1_Log__Output } from '../../writ/v1/Log.ts';

export interface ListLogsResponse {
  'logs'?: (_writ_v1_Log)[];
  'next_page_token'?: (string);
}

export interface ListLogsResponse__Output {
  'logs': (_writ_v1_Log__Output)[];
  'next_page_token': (string);
}
