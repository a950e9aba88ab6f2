// Asks a served model for predictions. Node.js 18 or newer; no packages.
//
//   node predict.mjs http://127.0.0.1:8501/v1/models/digits request.json
//   echo '{"instances": [1.0, 2.0]}' | node predict.mjs http://127.0.0.1:8501/v1/models/digits
//
// A server that wants a token gets the one in the environment variable TOKEN.
// Prints the server's answer as JSON. A refused request ends with exit code 1 and its reason.

import { readFileSync } from "node:fs";
import process, { argv, env, stderr, stdout } from "node:process";

const STDIN = 0;

async function predict(model, body) {
  const response = await fetch(`${model}:predict`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(env.TOKEN && { Authorization: `Bearer ${env.TOKEN}` }),
    },
    body,
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`${response.status}: ${answer.error}`);
  }
  return answer;
}

const [model, file = STDIN] = argv.slice(2);
if (!model) {
  stderr.write("usage: node predict.mjs URL_OF_THE_MODEL [FILE]\n");
  process.exit(2);
}
try {
  const answer = await predict(model, readFileSync(file));
  stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
} catch (error) {
  stderr.write(`${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
