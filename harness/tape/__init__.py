"""Tapes: everything that crossed a stack, as JSON Lines, and how to play it again.

format      a tape's text: parse, serialise, refuse what is damaged or hostile
model       what a tape holds
fields      which fields hold ids, times and secrets
aliases     ``<version:1>`` and its like: names for what a server chose
rewriting   exchange the values of those fields, and of nothing else
compare     a recorded answer and a live one, field by field
replay      send the requests again
importer    exchanges recorded elsewhere, made into tapes
recorder    hears what crosses a stack; seams.py has a queue and a clock that are recorded
writer      writes a tape while it happens; redaction.py says what never gets into it
blobs       bodies in files of their own
"""
