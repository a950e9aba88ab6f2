/**
 * Where a request goes to from where the user is: on this machine to the model server's own port,
 * from anywhere else through Jupyter, whose token a program reads from its environment.
 */

export interface Where {
  /** REST, without a slash at the end. */
  readonly url: string;
  readonly isThroughJupyter: boolean;
  /** Of gRPC, which has no way through Jupyter; empty where it is off. */
  readonly grpc: string;
}

export interface Facts {
  /** The host of the page. */
  readonly host: string;
  readonly restUrl: string | null;
  readonly grpcTarget: string | null;
  /** tfs/ of Jupyter with its address, where a request from outside can reach it. */
  readonly jupyterUrl: string | null;
  /** Whether the model server's own port wants a token that only Jupyter knows. */
  readonly wantsToken: boolean;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

export function whereFrom(facts: Facts): Where | null {
  const grpc = facts.grpcTarget ?? '';
  const isLocal = LOOPBACK.test(facts.host) || facts.jupyterUrl === null;
  if (facts.restUrl !== null && isLocal && (!facts.wantsToken || facts.jupyterUrl === null)) {
    return { url: facts.restUrl, isThroughJupyter: false, grpc };
  }
  return facts.jupyterUrl === null
    ? null
    : { url: facts.jupyterUrl.replace(/\/$/, ''), isThroughJupyter: true, grpc };
}
