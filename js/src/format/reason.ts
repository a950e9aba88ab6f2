/** What servers say of a failure, as short as its reader needs it; the whole stands in the tooltip. */

const NODES_OF_A_GRAPH = /\s*\[\[\{\{.*$/s;

/** Says the directory of a model by its last part alone: /a/long/way/digits/5 is digits/5. */
export function withShortPaths(reason: string, basePath: string): string {
  const base = basePath.replace(/\/+$/, '');
  const name = base.slice(base.lastIndexOf('/') + 1);
  return name === '' ? reason : reason.split(`${base}/`).join(`${name}/`);
}

/** Leaves out where in the graph it was: who sends a request does not know the graph. */
export function withoutNodes(reason: string): string {
  return reason.replace(NODES_OF_A_GRAPH, '') || reason;
}
