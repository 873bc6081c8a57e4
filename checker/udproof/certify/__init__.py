"""The re-check of a certificate, from its files alone, with a solver that did not find the proof.

Nothing here knows the modelling language, the prover or Z3; it shares no line with them, and imports nothing of udproof.
"""
