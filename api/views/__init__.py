"""What the pages show, made from what the gate let through; templates only lay it out."""
