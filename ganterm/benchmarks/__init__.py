"""What ganterm costs and how fast it is, measured here and now against what people use otherwise.

`suite` has the table of measurements, each a function from `Settings` to a `Result`, runs those
that are asked for and describes the machine; `page` writes them down.
"""
