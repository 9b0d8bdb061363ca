"""The tests. `conftest.py` lists the fixtures; `support/` holds what they are made of."""
