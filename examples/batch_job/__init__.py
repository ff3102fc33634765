"""Checksums of all pictures of a folder, and a ledger of what was done on which day."""
