"""Sending what is waiting, within a bound: in one thread, for all who ask meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Flushing:
    """Has something sent that does not keep to its bounds.

    Whoever asks while it is being sent may have more to send than was waiting when that began, so it is sent once more:
    once for all who ask meanwhile.

    Args:
        send: what sends; it raises nothing.
    """

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._changed = threading.Condition()
        self._asked = 0
        self._sent = 0
        self._works = False

    def flush(self, seconds: float) -> bool:
        """Tell whether all that was waiting has been sent; after so many seconds nobody waits for it any longer."""
        until = time.monotonic() + seconds
        with self._changed:
            self._asked += 1
            mine = self._asked
            if not self._works:
                self._works = True
                threading.Thread(target=self._work, daemon=True, name="telemetry").start()
            while self._sent < mine:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._sent == self._asked:
                    self._works = False
                    return
                asked = self._asked
            try:
                self._send()
            finally:
                with self._changed:
                    self._sent = asked
                    self._changed.notify_all()
