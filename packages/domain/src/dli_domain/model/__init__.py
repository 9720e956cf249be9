"""Values of the domain: what a spec, a run and its result are."""
