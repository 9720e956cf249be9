"""The routes, one module an area; each has a tuple `ENDPOINTS`."""
