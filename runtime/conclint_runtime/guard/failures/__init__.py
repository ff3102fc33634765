"""Exceptions that end something and whose text says which pitfall it was."""
