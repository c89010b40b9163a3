"""Files as received -> clean records; every row accounted for."""
