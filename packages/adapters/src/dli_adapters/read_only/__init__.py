"""An executor for text from outside."""
