"""What each page says, as plain frozen data, made without HTTP. No markup, no cookies, no forms' fate."""
