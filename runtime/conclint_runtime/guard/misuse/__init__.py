"""What is used in a way that its library does not allow, seen at the call itself."""
