"""What is done again and again: each round finds in the store what there is to do."""
