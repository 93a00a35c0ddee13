"""Decision: who may decide about a wave, what must hold for it, and the log of what was decided."""
