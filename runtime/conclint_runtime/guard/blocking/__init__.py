"""What stops an event loop: blocking calls that are made on it, and turns that take too long."""
