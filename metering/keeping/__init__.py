"""The register ledger as it is kept: rows, cases and months read from the store, written to it."""
