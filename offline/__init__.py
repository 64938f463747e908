"""Everything that has time: files, training, evaluation, benchmarks, and the `samplechop` command."""
