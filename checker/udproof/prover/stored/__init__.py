"""Proofs of the shipped protocol, as `udproof.prover.store` keeps them; `docs/proofs.py` writes them, each run checks them."""
