"""Facts about instances, alone and in arrays, that every room of the store may need."""
