import { urlOf, type Request } from './request';

/** What Linux takes as one argument, with room for the rest. */
const LONGEST_ARGUMENT = 100_000;
const END = 'END_OF_REQUEST';

/** A command for bash; a body that is too long for an argument goes by standard input. */
export function curl(request: Request): string {
  const json = JSON.stringify(request.body);
  const isLong = json.length > LONGEST_ARGUMENT;
  // bash says the words, and asks nothing, where there is no token
  const token = '-H "Authorization: token ${JUPYTER_TOKEN:?set it to a token of Jupyter}"';
  return [
    `curl ${quoted(urlOf(request))} \\`,
    ...(request.where.isThroughJupyter ? [`  ${token} \\`] : []),
    "  -H 'Content-Type: application/json' \\",
    isLong ? `  --data-binary @- <<'${END}'\n${json}\n${END}` : `  -d ${quoted(json)}`,
  ].join('\n');
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
