"""How far long work is: a bar on a terminal, plain lines in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO, TypeVar

from tqdm import tqdm

STEPS_PER_NOTE = 25

Item = TypeVar("Item")


@dataclass(frozen=True)
class Progress:
    """What a command says while it works."""

    stream: TextIO | None = None  # None says nothing: another process does

    def say(self, line: str) -> None:
        """A line that stays, above the bars."""
        if self.stream is None:
            return
        if self.stream.isatty():
            tqdm.write(line, self.stream)
        else:
            print(line, file=self.stream, flush=True)

    def over(
        self, items: Iterable[Item], total: int, what: str, note: Callable[[], str] | None = None
    ) -> Iterator[Item]:
        """The items one by one, with a bar beneath that goes when they are done.

        note  how it goes, asked for now and then; off the terminal, a line each time and no bar
        """
        if self.stream is not None and self.stream.isatty():
            return self._with_bar(items, total, what, note)
        return iter(items) if note is None else self._with_lines(items, total, what, note)

    def _with_bar(
        self, items: Iterable[Item], total: int, what: str, note: Callable[[], str] | None
    ) -> Iterator[Item]:
        with tqdm(total=total, desc=what, file=self.stream, leave=False, dynamic_ncols=True, unit="") as bar:
            for step, item in enumerate(items):
                yield item
                if note is not None and step % STEPS_PER_NOTE == 0:
                    bar.set_postfix_str(note(), refresh=False)
                bar.update()

    def _with_lines(
        self, items: Iterable[Item], total: int, what: str, note: Callable[[], str]
    ) -> Iterator[Item]:
        for step, item in enumerate(items):
            yield item
            if step % STEPS_PER_NOTE == 0:
                self.say(f"  {what} step {step} of {total}: {note()}")


SILENT = Progress()
