"""The rules of the register ledger: which rows count, what lines they make."""
