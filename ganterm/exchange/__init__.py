"""A generator on its way out, to programs that do not know ganterm, and foreign weights coming in.

Out: `weights`, `onnx_model` and `program` turn a trained generator into the bytes of a file.
In: `statedict` reads foreign weights and `matching` fits them to a recipe's generator.
"""
