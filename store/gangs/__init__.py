"""Jobs of several nodes: who is seated, who came, what ends the attempt for all."""
