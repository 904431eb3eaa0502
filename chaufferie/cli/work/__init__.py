"""Commands on jobs: submitted, looked at, steered, fetched, forgotten."""
