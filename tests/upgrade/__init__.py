"""State that earlier versions of the code have written, kept as they wrote it, and what today's code makes of it."""
