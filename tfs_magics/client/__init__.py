"""Asks a model server, over REST or gRPC: arrays in, arrays out."""
