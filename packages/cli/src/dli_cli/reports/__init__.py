"""Findings and verdicts in the formats that other tools read."""
