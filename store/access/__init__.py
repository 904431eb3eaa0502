"""Tenants, persons, keys and sessions: who may come in."""
