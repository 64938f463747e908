"""Signal processing: constant-Q, log bands, pitch spectrum, onset refinement."""
