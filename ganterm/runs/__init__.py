"""A run on disk: its layout, journal, status, lock, control files and checkpoints.

A run is a directory, and the directory is the interface: one worker writes it, any number of
readers watch it, and everything a reader shows can be read from it. This package needs only the
standard library, so that every face can use it without paying for torch.

Rules that hold throughout:

* One writer. Whoever writes a run holds its lock (`lock.WorkerLock`) for as long as it lives.
* Files that are replaced are replaced atomically (`core.files.write_atomically`); the journal grows
  by whole lines, one `os.write` each (`journal.JournalWriter`).
* Whatever is read may be torn, garbled or hostile. Readers bound what they read, refuse what is
  not a regular file, and skip, count or name what they cannot use.
"""
