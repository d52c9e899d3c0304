"""A generator on its way out, to programs that do not know ganterm, and foreign weights coming in.

Out: `weights` and `programs` turn a trained generator into the bytes of a file.
In: `statedict` reads foreign weights and `matching` fits them to a recipe's generator.
"""
