"""Erasures: what a tenant has forgotten at once, the receipt for it, and the nodes' share."""
