"""Latin America and Canada."""
