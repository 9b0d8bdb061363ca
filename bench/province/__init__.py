"""A made-up province as rows: the same on every machine, at any size from a hundredth to the whole.

`places` says which organizations there are, `people` who belongs to them, `stories` what has been transferred, and
`rows` how that stands in the tables.
"""
