"""Quotes and books parcels; one JSON request a line, one answer a line."""
