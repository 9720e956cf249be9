"""What `dli catalog` and `dli query` show."""
