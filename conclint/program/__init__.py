"""From facts to a program: linked by demand, followed upwards by effects and downwards by contexts."""
