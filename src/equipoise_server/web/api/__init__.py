"""The door for programs: the same services, permissions and blinding as the pages."""
