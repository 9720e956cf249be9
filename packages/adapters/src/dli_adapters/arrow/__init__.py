"""The one place that knows an Arrow library; a layer below the adapters, not one of them."""
