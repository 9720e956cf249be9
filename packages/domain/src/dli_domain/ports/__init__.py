"""What the domain needs from outside: one small protocol a file, its docstring the contract."""
