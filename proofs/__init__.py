"""The proofs: soak, benchmarks, drills and checks that run the whole product with real programs around it."""
