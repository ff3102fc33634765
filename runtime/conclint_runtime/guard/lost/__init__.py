"""What a program loses without a word: coroutines, tasks, results, exceptions, work, context."""
