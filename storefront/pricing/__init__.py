"""The cart snapshot and the money arithmetic over it: pure functions, no database."""
