"""Chart: whole charts that people check by eye, which ones, and what they found."""
