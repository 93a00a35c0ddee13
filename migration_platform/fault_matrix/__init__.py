"""The fault matrix: every fault of the catalogue planted many times, over all entities and fields.

It works on records that this migration's own mapping makes of a generated sample, in a home of its
own that is gone afterwards. What the faults are stands in `fault`, how a reconciliation tests itself
in each run in `reconciliation.certificate`.
"""
