"""A worker of one's own: a task is the path of a file, its result how many words are in it."""
import sys

import divvy_worker


def count_words(path):
    with open(path, "rb") as file:
        words = sum(len(line.split()) for line in file)
    return b"%d %s\n" % (words, path)


divvy_worker.serve(count_words, *sys.argv[1:])
