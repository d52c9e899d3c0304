"""The app: choose, train, watch and steer runs on one screen.

It works on run directories alone and starts workers as processes, so it can be closed, lost and
opened again at any time. Nothing here imports torch.
"""
