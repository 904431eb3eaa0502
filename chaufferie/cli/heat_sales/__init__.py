"""Commands on meters, the ledger, collectivities, contracts and what is issued under them."""
