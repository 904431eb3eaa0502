"""Quotas and budgets: what is set, what is used, who is refused or waits."""
