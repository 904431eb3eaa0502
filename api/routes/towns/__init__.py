"""Pages for the people of towns, who sign in."""
