"""Australia, New Zealand and South Africa."""
