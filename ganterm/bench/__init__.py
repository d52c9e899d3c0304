"""What ganterm costs and how fast it is, measured here and now against what people use otherwise.

`registry` names the measurements; each has a file of its own with a function `measure`, from
settings to a `Result`, and where something may speak against that a function `check` besides.
`suite` runs those that are asked for and `page` writes them down.
"""
