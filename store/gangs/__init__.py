"""Jobs of several nodes: who is seated, who came, who left."""
