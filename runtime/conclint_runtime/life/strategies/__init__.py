"""The ways to play."""
