"""Decoding in a child process that can do nothing but decode.

What parses a stranger's file is a million lines of C that were written for speed. With `LimitOptions.isolate` they run
in a process of their own. It is handed the open file and a piece of shared memory, and before the first byte arrives it
gives up, for good, everything else: opening files, network, starting programs, code that is made at run time (`seccomp`
and `lock`). It may take so much memory and so many seconds. Whatever it answers is checked before it is used: numbers
and names as JSON against their types (`messages`), samples as bytes of a size that the receiver knows (`samples`).

`Sandbox` is the parent's side, `child` the child's. The stand-ins for readers, `IsolatedClip`, `IsolatedAnimation` and
`IsolatedPictures`, ask the child for one thing after the other; `join_apart` has it write an output, whose file and
segments it is handed one by one.
"""
