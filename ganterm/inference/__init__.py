"""What a trained generator can do: load it, and draw images from latent vectors."""
