"""The register ledger: meters, their epochs and rows, months once closed, and the chain of them."""
