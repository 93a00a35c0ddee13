"""Evidence: all that a decision rests on, as one document, and the verdict that follows from it."""
