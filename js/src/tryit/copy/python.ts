import { isBytes, urlOf, type Request } from './request';

export function pythonRequests(request: Request): string {
  const isThroughJupyter = request.where.isThroughJupyter;
  return [
    ...(isThroughJupyter ? ['import os', ''] : []),
    'import requests',
    '',
    `url = ${python(urlOf(request))}`,
    ...(isThroughJupyter
      ? [
          '# Through Jupyter: the environment variable JUPYTER_TOKEN has a token of yours.',
          `headers = {"Authorization": f"token {os.environ['JUPYTER_TOKEN']}"}`,
        ]
      : []),
    `request = ${python(request.body)}`,
    `answer = requests.post(url, json=request, ${isThroughJupyter ? 'headers=headers, ' : ''}timeout=60)`,
    'answer.raise_for_status()',
    'print(answer.json())',
  ].join('\n');
}

/** Whether a name can be an option of a magic as it is: what else a model says is no code. */
export function isWord(name: string): boolean {
  return /^\w[\w.:/-]*$/.test(name);
}

/** A value of JSON as Python writes it; with `bytes` what is {"b64": …} becomes bytes. */
export function python(value: unknown, bytes = false): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'string') {
    return text(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((each) => python(each, bytes)).join(', ')}]`;
  }
  if (bytes && isBytes(value)) {
    return `base64.b64decode(${text(value.b64)})`;
  }
  if (typeof value === 'object') {
    const fields = Object.entries(value);
    return `{${fields.map(([name, each]) => `${text(name)}: ${python(each, bytes)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** JSON writes a text as Python reads it, but for characters beyond the first 65,536: in pairs. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ud800-\udfff]/gu,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
