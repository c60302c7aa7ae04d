"""The resource types of DIDWW: what is read, what is written, and the filters of a list."""
