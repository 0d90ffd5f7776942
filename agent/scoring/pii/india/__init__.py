"""India."""
