"""The methods that make an object awaitable, and those of a coroutine, as abstract classes."""

from abc import ABCMeta, abstractmethod


class Waitable(metaclass=ABCMeta):
    __slots__ = ()

    @abstractmethod
    def __await__(self):
        yield


class Routine(Waitable):
    __slots__ = ()

    @abstractmethod
    def send(self, message):
        """Go on with a message, up to the next pause."""
        raise StopIteration

    @abstractmethod
    def throw(self, kind, problem=None, trace=None):
        """Go on with an error, up to the next pause."""
        if problem is None:
            if trace is None:
                raise kind
            problem = kind()
        if trace is not None:
            problem = problem.with_traceback(trace)
        raise problem

    def close(self):
        """Have it end."""
        try:
            self.throw(GeneratorExit)
        except (GeneratorExit, StopIteration):
            pass
        else:
            raise RuntimeError("it would not end")
