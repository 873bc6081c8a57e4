"""Engines: each takes a `System` and answers with a `Result`. They know nothing of hosts and VMs, nor of how answers are shown."""
