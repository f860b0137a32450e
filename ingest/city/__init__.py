"""The invented city, built in steps: geography, people, networks, harm, confounders, then writing."""
