"""What the people of collectivities are told by mail: looked at in rounds, noted, put in words."""
