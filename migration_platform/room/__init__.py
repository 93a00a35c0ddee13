"""The reviewers' room: pages on which people read what there is to decide about a wave, and decide it.

A front door like the command line: it calls the same functions under the same rights. What a page
says is plain data (`page`), made without HTTP; templates render it; `route` joins the two and decides
nothing. Nothing here imports Dagster or Great Expectations.
"""
