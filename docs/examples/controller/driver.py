"""The adapter between model and controller: it plays the operator, the hosts and the cloud, on a loop with a time of its own."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from controller import Controller

from udproof.testing import VirtualLoop


class Driver:
    """Drives a controller of the class that it is given."""

    def __init__(self, controller: type[Controller] = Controller) -> None:
        self._loop = VirtualLoop()
        self._phase = {"ud0": "idle", "ud1": "idle"}
        self._controller = controller(self, self._loop)

    # --- for the state machine

    def do(self, action: str, domain: str) -> None:
        """What the operator or a host does."""
        if action == "ask":
            self._phase[domain] = "asked"
            self._controller.ask(domain)
        else:
            self._controller.host_is_done(domain)
        self._loop.settle()

    def wait(self, seconds: Fraction) -> None:
        """Time passes."""
        self._loop.advance(float(seconds))

    def observe(self) -> Mapping[str, object]:
        """What an operator could see."""
        return {"phase": dict(self._phase)}

    def close(self) -> None:
        """The run is over."""
        self._loop.close()

    # --- for the controller: the cloud

    def announce(self, domain: str) -> None:
        """An event is shown."""
        self._phase[domain] = "announced"

    def pause(self, domain: str) -> None:
        """The VMs of a domain are paused."""
        self._phase[domain] = "paused"

    def resume(self, domain: str) -> None:
        """They run again."""
        self._phase[domain] = "idle"
