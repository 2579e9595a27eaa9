"""Persons, roles, teams, circles, sign-in, profiles."""
