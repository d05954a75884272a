"""The key of each person, apart from what it opens: forgetting a key forgets the person."""
