"""HTTP as this server speaks it: routes, keys, bodies, failures."""
