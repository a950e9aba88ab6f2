"""Bytes to api and back: REST and gRPC translate, call, translate."""
