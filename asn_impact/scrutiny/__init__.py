"""How could this be wrong? Checks of a finding, how much departure it survives, and its grade."""
