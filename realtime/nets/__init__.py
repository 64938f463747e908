"""Neural nets in a stream: their features, their runtimes, their activations."""
