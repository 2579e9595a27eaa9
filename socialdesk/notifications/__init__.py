"""Inbox, Web Push, devices, quiet hours."""
