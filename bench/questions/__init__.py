"""One module a detector: how well it finds what was planted, beside what counting gives."""
