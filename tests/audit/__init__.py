"""The auditor: whether what a shop holds agrees with itself, read from its stores directly. README.md has the list."""
