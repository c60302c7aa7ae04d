"""DIDWW: its resources, its rules and its refusals, over one world in memory."""
