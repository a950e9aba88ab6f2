"""Bytes of the wire to numpy arrays and back. Knows no sockets and no models."""
