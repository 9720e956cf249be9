"""Quality tests as SQL, and counts as verdicts."""
