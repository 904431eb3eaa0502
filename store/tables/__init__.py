"""The tables that several rooms of the store read, the same on SQLite and on PostgreSQL.

Times are Unix seconds UTC, energies integer Wh, JSON is text written by ``domain.wire``. A table
that one room alone reads stands there.
"""
