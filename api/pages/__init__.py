"""What the pages for towns and passers-by are made of: words, charts, maps, logos."""
