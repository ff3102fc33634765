"""What costs more than it gives, counted at each call site: never by the clock."""
