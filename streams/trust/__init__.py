"""Signed files: Ed25519 signatures as minisign writes them, versions that never go back."""
