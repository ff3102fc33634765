"""Measurements and reading on code of other people: `python -m bench --help`."""
