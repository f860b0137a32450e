"""Who may see and do what: one place, default deny, deny wins, everything recorded."""
