"""What specs say of each other: facts of each, and the checks across all of them."""
