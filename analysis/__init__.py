"""Pure functions over a snapshot: what stands out, and the evidence that says so."""
