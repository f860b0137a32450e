"""The wiring place, the web application and the command line."""
