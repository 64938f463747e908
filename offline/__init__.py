"""Everything that has time: files, training, evaluation, benchmarks, and the `samplechop` command."""

if __name__ != "samplechop.offline":  # found by its folder's name, it would be loaded a second time
    raise ImportError("this is samplechop.offline: import it by that name")
