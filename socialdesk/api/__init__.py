"""JSON v1: the same deeds for programs."""
