"""Which SQL text may be read from outside: the seven steps of docs/sql-policy.md, as pure code."""
