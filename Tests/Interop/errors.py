"""What the tasks of the interop tests fail of."""


class SoldOut(Exception):
    """An exception that only this project has."""


class DivisionByZero(Exception):
    """The like-named error of Sources/Example."""
