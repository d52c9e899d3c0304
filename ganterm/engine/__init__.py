"""The GAN step, the loop around it, and its exact state; knows no file and no terminal."""
