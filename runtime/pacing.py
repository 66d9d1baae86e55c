"""Whether the threads of a team share a plan's steps, or one does the shares of all."""

from __future__ import annotations

TRIAL = 2e-3  # seconds that tell how quick a way is
# Seconds of work between trials, in those that a trial takes: before the first, while threads
# share the work, and while one does it all.
FIRST_AFTER, SHARED_EVERY, ALONE_EVERY = 10, 100, 30
GAIN = 0.9  # what the other way may take of this one's time to be worth the change
# A way that was just chosen is held to what it promised in a short part; the next ones may grow.
GROWTH, LONGEST = 2.0, 0.05


class Pace:
    """The quicker of two ways to run a plan, as it was lately: with all threads, or with one.

    A thread that shares its core with other programs makes all others wait at every barrier; where
    barriers are many, one thread that does the shares of all is then done sooner, and comes to the
    same sums. Both ways are timed: the one in use at every part of a run, the other for a moment
    now and then. Another team, or batch size, is learnt anew.
    """

    def __init__(self) -> None:
        self._begin(1, 0)

    def _begin(self, threads: int, batch_size: int) -> None:
        self.threads, self.batch_size = threads, batch_size
        self.single = False
        self._step: dict[bool, float] = {}  # seconds a step, if single or not
        self._trial = 0.0  # seconds left of the other way's trial
        self._since = 0.0  # seconds of work since the last one
        self._every = FIRST_AFTER
        self._part = TRIAL

    def part(self, threads: int, batch_size: int, steps: int) -> tuple[bool, int]:
        """Whether one of `threads` does the next part of `steps` steps, and how many of them."""
        if (threads, batch_size) != (self.threads, self.batch_size):
            self._begin(threads, batch_size)
        if self._trial <= 0 and self._is_due():
            self._trial = TRIAL
        single = self.single != (self._trial > 0)
        seconds, step = self._trial if self._trial > 0 else self._part, self._expected(single)
        return single, max(1, min(steps, int(seconds / step))) if step else 1

    def note(self, single: bool, steps: int, seconds: float) -> None:
        """Learn from a part that took so long."""
        step, before = seconds / steps, self._step.get(single)
        if before is None or self._trial == TRIAL:  # a trial begins: what was is past
            self._step[single] = step
        else:
            self._step[single] = before + min(1.0, seconds / TRIAL) * (step - before)
        if single == self.single:
            self._since += seconds
            self._part = min(GROWTH * self._part, LONGEST)
        else:
            self._trial -= seconds
            self._since = 0.0
            self._every = ALONE_EVERY if self.single else SHARED_EVERY
        other = self._step.get(not self.single)
        if self._trial <= 0 and other is not None and other < GAIN * self._step[self.single]:
            self.single = not self.single
            self._since, self._part = 0.0, TRIAL
            self._every = ALONE_EVERY if self.single else SHARED_EVERY

    def _is_due(self) -> bool:
        """Whether the other way's next trial has been earned."""
        return self._since > self._every * max(TRIAL, self._expected(not self.single))

    def _expected(self, single: bool) -> float:
        """Seconds a step; 0 where neither way has been timed."""
        if single in self._step:
            return self._step[single]
        return self._step.get(not single, 0.0) * (self.threads if single else 1)
