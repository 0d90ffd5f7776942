"""Hong Kong, Macau and Taiwan."""
