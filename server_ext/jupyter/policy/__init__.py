"""Decisions about who may do what, as plain functions of plain values."""
