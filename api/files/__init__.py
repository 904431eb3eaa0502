"""Bytes that come in and go out."""
