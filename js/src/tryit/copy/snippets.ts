/** A request as others send it: on the command line, from Python, from a notebook. */

export interface Request {
  /** Of the model server, without a slash at the end. */
  readonly url: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Form = 'curl' | 'python' | 'node';

export function snippetOf(form: Form, { url, path, body }: Request): string {
  const json = JSON.stringify(body);
  switch (form) {
    case 'curl':
      return `curl ${url}/${path} \\\n  -d '${json.replaceAll("'", "'\\''")}'`;
    case 'python':
      return [
        'import json',
        '',
        'import requests',
        '',
        `request = json.loads(${JSON.stringify(json)})`,
        `answer = requests.post(${JSON.stringify(`${url}/${path}`)}, json=request, timeout=60)`,
        'answer.raise_for_status()',
        'print(answer.json())',
      ].join('\n');
    case 'node':
      return [
        `const answer = await fetch(${JSON.stringify(`${url}/${path}`)}, {`,
        "  method: 'POST',",
        `  body: JSON.stringify(${json}),`,
        '});',
        'console.log(await answer.json());',
      ].join('\n');
  }
}
