"""The United States, and telephone numbers of North America."""
