"""What every face needs of runs and helper processes, without tensors, widgets or command lines."""
