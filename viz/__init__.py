"""Colour, position and shape: maps, boards, pages and exports."""
