"""Work ahead of a loop, in threads, so that the device does not wait for it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")

threads = 2


def in_order(function: Callable[[Argument], Result], arguments: Iterable[Argument], *, count: int) -> Iterator[Result]:
    """Yield ``function`` of each argument, in order, while threads compute the next ``count``; with 0 it is ``map``.

    The arguments are drawn here, one for each result that is taken, so that what is yielded does not depend on
    ``count``. An error of the function is raised where its result would have been.
    """
    if not count:
        yield from map(function, arguments)
        return
    remaining = iter(arguments)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(function, each) for each in islice(remaining, count))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, each) for each in islice(remaining, 1))
                yield result
        finally:
            pool.shutdown(cancel_futures=True)
