import { urlOf, type Request } from './request';

/** A module for Node.js 18 and later. */
export function node(request: Request): string {
  const headers = request.where.isThroughJupyter
    ? [
        '  headers: {',
        "    'Content-Type': 'application/json',",
        '    Authorization: `token ${process.env.JUPYTER_TOKEN}`,',
        '  },',
      ]
    : ["  headers: { 'Content-Type': 'application/json' },"];
  return [
    '// ask.mjs, for Node.js 18 and later',
    ...(request.where.isThroughJupyter
      ? ['// Through Jupyter: the environment variable JUPYTER_TOKEN has a token of yours.']
      : []),
    `const request = ${JSON.stringify(request.body)};`,
    `const answer = await fetch(${JSON.stringify(urlOf(request))}, {`,
    "  method: 'POST',",
    ...headers,
    '  body: JSON.stringify(request),',
    '});',
    'if (!answer.ok) {',
    '  throw new Error(await answer.text());',
    '}',
    'console.log(JSON.stringify(await answer.json()));',
  ].join('\n');
}
