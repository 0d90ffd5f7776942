"""Europe beyond the United Kingdom."""
