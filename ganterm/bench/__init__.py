"""What ganterm costs and how fast it is, measured here and now against what people use otherwise.

`registry` names the measurements; each has a file of its own with one function, `measure`, from
settings to a `Result`. `suite` runs those that are asked for and `page` writes them down.
"""
