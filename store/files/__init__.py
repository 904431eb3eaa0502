"""Content, the files that tenants and jobs have of it, and what attempts leave."""
