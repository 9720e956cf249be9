"""One dialect's SQL in another: the same meaning, or a loud refusal with the place."""
