"""Embeds the documents of a folder and finds those that are near to each other."""
