"""Reading what comes next while what came is being staged."""

from concurrent.futures import ThreadPoolExecutor


class Ahead:
    """The items of an iterator, the next one read in a thread where that was asked for.

    That thread runs the iterator alone: nothing of it may use the ORM.

    :param items: none of them is None
    """

    def __init__(self, items):
        self._items = iter(items)
        self._coming = None
        self._pool = ThreadPoolExecutor(1, "procurify-ahead")

    def __iter__(self):
        with self._pool:
            while (item := self._next()) is not None:
                yield item

    def read_next(self):
        """Begin to read the next item. What it fails with is raised where it is due."""
        if self._coming is None:
            self._coming = self._pool.submit(next, self._items, None)

    def _next(self):
        if self._coming is None:
            return next(self._items, None)
        coming, self._coming = self._coming, None
        return coming.result()
