"""The one error of the benchmarks."""


class CannotMeasure(Exception):
    """A benchmark could not do its work; says why."""
