"""Contracts on heat, version by version; no version is ever changed."""
