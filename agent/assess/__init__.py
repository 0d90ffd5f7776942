"""Offline work on data sets: reading and writing tables, protection of personal data, assessment."""
