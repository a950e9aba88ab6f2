"""The limit of the gRPC transport: pygrpc-native takes calls in groups and has the answer ready.

Arguments: a file with the answer's bytes. Prints the port it took, as `listening on PORT`; ends when
its standard input closes.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pygrpc_native import EVENT_CALL, NativeGrpcFront

PREDICT = "/tensorflow.serving.PredictionService/Predict"
GROUP = 64


def main(answer_file: str) -> None:
    answer = Path(answer_file).read_bytes()
    front = NativeGrpcFront("127.0.0.1:0", [(PREDICT, False)])
    front.start()
    threading.Thread(target=serve, args=[front, answer]).start()
    print(f"listening on {front.bound_port}", flush=True)
    sys.stdin.read()
    front.close()


def serve(front: NativeGrpcFront, answer: bytes) -> None:
    while (events := front.recv_batch(GROUP)) is not None:
        for kind, call_id, *_ in events:
            if kind == EVENT_CALL:
                front.respond(call_id, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
