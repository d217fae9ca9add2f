"""How much may be made for the page: turning features back into recordings takes a while for each second."""


class Effort:
    """An allowance of seconds, rough and counted in advance, so that the same results always give the same page."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._left

    def take(self, seconds: float) -> bool:
        """Take some of the allowance; nothing, and False, where less is left."""
        if seconds > self._left:
            return False
        self._left -= seconds
        return True
