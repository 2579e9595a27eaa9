"""Hashtags: what they are, who owns them, what carries them."""
