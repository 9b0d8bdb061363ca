"""`python -m bench`: how long each page, look-up and transition takes on a whole province, against the same by hand.

`province` makes up the data and `loading` puts it into a database of its own; `pages` says what is measured and writes
each page once more as bare SQL + Jinja, `transitions` and `planner` do the same for what is no page; `results` holds
the numbers against the budgets of design.md §4. Nothing here touches a database that it did not make.
"""
