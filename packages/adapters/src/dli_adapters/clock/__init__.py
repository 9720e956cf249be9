"""The clock of the machine."""
