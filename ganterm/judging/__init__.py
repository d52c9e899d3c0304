"""Says how good generated images are: scores that name what they were measured with."""
