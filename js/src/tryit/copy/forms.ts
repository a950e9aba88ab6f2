/** The forms in which a request can be copied; null where a request cannot be put so. */

import { cell } from './cell';
import { curl } from './curl';
import { grpc } from './grpc';
import { node } from './node';
import { pythonRequests } from './python';
import type { Request } from './request';

export type Form = 'curl' | 'python' | 'grpc' | 'node' | 'cell';

export const FORMS: Readonly<Record<Form, (request: Request) => string | null>> = {
  curl,
  python: pythonRequests,
  grpc,
  node,
  cell,
};
