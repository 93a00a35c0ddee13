"""Faults: what can go wrong with a record on its way, as mutators that do it on purpose.

Words only: small values in, small values out, no database and no file. Where faults are planted
into what a reconciliation read is `reconciliation.certificate`, over a whole sample `fault_matrix`.
"""
