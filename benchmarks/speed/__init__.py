"""What `benchmarks.throughput` and `benchmarks.gpu` measure with."""
