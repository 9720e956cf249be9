"""The pure core of dli: it computes and never fetches."""
