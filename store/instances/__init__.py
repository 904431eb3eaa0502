"""Facts about instances that every room of the store may need."""
