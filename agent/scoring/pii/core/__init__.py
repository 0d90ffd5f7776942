"""Personal data that looks the same everywhere."""
