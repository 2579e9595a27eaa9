"""Tickets: posts with a status, an owner and a clock; workflow, routing, queue."""
