"""What exists, how it is kept, and who may see it."""
