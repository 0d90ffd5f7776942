"""Asia beyond China and India."""
