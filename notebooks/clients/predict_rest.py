"""Asks a served model over REST, with the package `requests`.

    python predict_rest.py http://127.0.0.1:8501/v1/models/digits request.json

The file holds what is posted, for example `{"instances": [[1.0, 2.0]]}`. Prints the answer as JSON.
A server that wants a token gets the one in the environment variable TOKEN.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import requests


def main(model: str, file: str) -> None:
    body = Path(file).read_bytes()
    token = os.environ.get("TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(f"{model}:predict", data=body, headers=headers, timeout=60)
    if not answer.ok:
        sys.exit(f"{answer.status_code}: {answer.json()['error']}")
    print(json.dumps(answer.json(), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
