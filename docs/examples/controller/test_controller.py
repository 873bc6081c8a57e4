"""The whole test: the model and the controller side by side."""

from driver import Driver
from hypothesis import settings
from maintenance import system

from udproof.testing import machine

TestController = machine(system, Driver, drives=("ask", "finish")).TestCase
TestController.settings = settings(TestController.settings, max_examples=50, stateful_step_count=20)
